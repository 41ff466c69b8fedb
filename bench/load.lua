-- The load that wrk posts: every request has ids that were never seen; runs of three events of one customer and day.
-- Arguments: key, events per request, name of this run, customers.
local batch, run, customers, variants, tails, count

function init(arguments)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Authorization"] = "Bearer " .. arguments[1]
  batch, run, customers = tonumber(arguments[2]), arguments[3], tonumber(arguments[4])
  variants, tails, count = math.ceil(3 * customers / batch), {}, 0
  for variant = 0, variants - 1 do
    local texts = {}
    for place = 1, batch do
      local customer = math.floor((variant * batch + place - 1) / 3) % customers
      texts[place] = string.format(
        '%04d","customer":"k-%d","type":"%s","time":"2026-10-%02dT12:%02d:00.123Z","workflow":"wf-%d","connector":"forms"}',
        place, customer, place % 3 == 1 and "trigger" or "action", 1 + customer % 31, place % 60, customer % 20)
    end
    tails[variant] = texts
  end
end

function request()
  local head = string.format('{"id":"01JB2Q7%s%010d', run, count)
  local body = "[" .. head .. table.concat(tails[count % variants], "," .. head) .. "]"
  count = count + 1
  return wrk.format(nil, nil, nil, body)
end

function done(summary)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format('{"requests": %d, "microseconds": %d, "failed": %d}\n',
    summary.requests, summary.duration, failed))
end
