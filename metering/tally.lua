-- Counts a batch once: the only script. Everything in it happens, or nothing.
-- KEYS[g]  the hash of one customer's month: "<meter>:<day>" counts, "ids", "buckets", "frozen"
-- ARGV[1]  per key, as msgpack: fingerprints, index of each one's cell, cells, quantities (or nil: all one)
--          a cell is the hash field of its meter and day, the workflow, the connector ("" = none)
-- ARGV[2]  ids per bucket before the next one is split
-- The ids of a month lie in integer sets, "<key>:ids:<bucket>". An integer set inserts by moving memory, so it must
-- stay small: linear hashing splits one bucket whenever the average fills up, and no lookup ever needs two.
local groups, fill = cmsgpack.unpack(ARGV[1]), tonumber(ARGV[2])
local CHUNK = 4000 -- arguments that Lua can pass to one command
local accepted = 0

local function hash_of(fingerprint) -- Lua's numbers hold 53 bits, a fingerprint 62: its last nine digits will do
  return tonumber(string.sub(fingerprint, -9))
end

local function level_of(buckets)
  local level = 1
  while level * 2 <= buckets do level = level * 2 end
  return level
end

local function in_chunks(command, key, members)
  for first = 1, #members, CHUNK do
    redis.call(command, key, unpack(members, first, math.min(first + CHUNK - 1, #members)))
  end
end

local function split(key, buckets)
  local level = level_of(buckets)
  local from, to = key .. ':ids:' .. (buckets - level), key .. ':ids:' .. buckets
  local moved = {}
  for _, each in ipairs(redis.call('SMEMBERS', from)) do
    if hash_of(each) % (2 * level) == buckets then moved[#moved + 1] = each end
  end
  in_chunks('SREM', from, moved)
  in_chunks('SADD', to, moved)
end

local function by_bucket(fingerprints, buckets)
  local level, places = level_of(buckets), {}
  for i, each in ipairs(fingerprints) do
    local hash = hash_of(each)
    local bucket = hash % (2 * level)
    if bucket >= buckets then bucket = hash % level end
    local list = places[bucket]
    if list then list[#list + 1] = i else places[bucket] = { i } end
  end
  return places
end

local function add_new(key, fingerprints, places, first) -- returns which of a chunk were not there before
  local members = {}
  for i = first, math.min(first + CHUNK - 1, #places) do members[#members + 1] = fingerprints[places[i]] end
  local known, new, fresh = redis.call('SMISMEMBER', key, unpack(members)), {}, {}
  for i, there in ipairs(known) do
    if there == 0 then
      new[#new + 1] = members[i]
      fresh[#fresh + 1] = places[first + i - 1]
    end
  end
  if #new > 0 then redis.call('SADD', key, unpack(new)) end
  return fresh
end

local function add(sums, field, units)
  sums[field] = (sums[field] or 0) + units
end

for g, group in ipairs(groups) do
  local key, fingerprints, cell_of, cells, quantities = KEYS[g], group[1], group[2], group[3], group[4]
  local state = redis.call('HMGET', key, 'buckets', 'ids', 'frozen')
  local buckets, ids, late = tonumber(state[1]) or 1, tonumber(state[2]) or 0, state[3]
  local days, kinds, new = {}, {}, 0
  for bucket, places in pairs(by_bucket(fingerprints, buckets)) do
    for first = 1, #places, CHUNK do
      for _, i in ipairs(add_new(key .. ':ids:' .. bucket, fingerprints, places, first)) do
        local cell, units = cells[cell_of[i]], quantities and quantities[i] or 1
        new = new + 1
        if late then
          add(days, 'late:' .. cell[1], units)
        else
          add(days, cell[1], units)
          if cell[2] ~= '' then add(kinds, 'w:' .. cell[2], units) end
          if cell[3] ~= '' then add(kinds, 'c:' .. cell[3], units) end
        end
      end
    end
  end
  if new > 0 then
    for field, units in pairs(days) do redis.call('HINCRBY', key, field, units) end
    for field, units in pairs(kinds) do redis.call('HINCRBY', key .. ':by', field, units) end
    ids = redis.call('HINCRBY', key, 'ids', new)
    local before = buckets
    while ids > fill * buckets do
      split(key, buckets)
      buckets = buckets + 1
    end
    if buckets > before then redis.call('HSET', key, 'buckets', buckets) end
  end
  accepted = accepted + new
end
return accepted
