-- The load that wrk posts. Every request is written once, at the start; before it is sent again only the number in each id
-- and the day are replaced, in place, so that no id is ever sent twice and the generator takes little from the cores it shares.
-- Runs of three events belong to one of 1,000 customers. A request's events are of one day, which goes through the month
-- from request to request; every fiftieth run is of another day.
-- Arguments: key, events per request, name of this run (four characters).
local ffi = require("ffi")
local CUSTOMERS, DAYS, ID, DAY = 1000, 31, "########", "dd"
local requests, variants, batch, number = {}, 0, 0, 0

local function event(run, index, place)
  local visit = math.floor(index / 3)
  local customer = visit % CUSTOMERS
  local day = visit % 50 == 49 and string.format("%02d", 1 + customer % DAYS) or DAY
  return string.format(
    '{"id":"01JB2Q%s%s%08d","customer":"k-%d","type":"%s","time":"2026-10-%sT12:%02d:%02d.123Z","workflow":"wf-%d","connector":"%s"}',
    run, ID, place, customer, index % 3 == 0 and "trigger" or "action", day, visit % 60, place % 60,
    visit % 20, index % 2 == 0 and "forms" or "mail")
end

local function body(run, first)
  local texts = {}
  for place = 1, batch do texts[place] = event(run, first + place - 1, place) end
  return "[" .. table.concat(texts, ",") .. "]"
end

local function places_of(text, mark)
  local found, at = {}, string.find(text, mark, 1, true)
  while at do
    found[#found + 1] = at - 1
    at = string.find(text, mark, at + #mark, true)
  end
  return { count = #found, at = ffi.new("int[?]", math.max(1, #found), found) }
end

function init(arguments)
  local run = arguments[3]
  batch = tonumber(arguments[2])
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Authorization"] = "Bearer " .. arguments[1]
  variants = math.ceil(3 * CUSTOMERS / batch)
  for variant = 0, variants - 1 do
    local text = wrk.format(nil, nil, nil, body(run, variant * batch))
    local buffer = ffi.new("char[?]", #text)
    ffi.copy(buffer, text, #text)
    requests[variant] = { buffer = buffer, size = #text, ids = places_of(text, ID), days = places_of(text, "-" .. DAY .. "T") }
  end
end

local function replace(buffer, places, text, size)
  for place = 0, places.count - 1 do ffi.copy(buffer + places.at[place], text, size) end
end

function request()
  local known = requests[number % variants]
  replace(known.buffer, known.ids, string.format("%08d", number), 8)
  replace(known.buffer, known.days, string.format("-%02dT", 1 + math.floor(number * batch / 3) % DAYS), 4)
  number = number + 1
  return ffi.string(known.buffer, known.size)
end

function done(summary)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format('{"requests": %d, "microseconds": %d, "failed": %d}\n',
    summary.requests, summary.duration, failed))
end
