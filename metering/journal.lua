-- Move the archive's mark in a stream from one entry to a later one, unless somebody else has moved it.
-- KEYS: stream. ARGV: where the mark was, where it shall be. Returns 1 when it was moved.
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local told = {}
  for place = 1, #group, 2 do
    told[group[place]] = group[place + 1]
  end
  if told['name'] == 'archive' and told['last-delivered-id'] == ARGV[1] then
    redis.call('XGROUP', 'SETID', KEYS[1], 'archive', ARGV[2])
    return 1
  end
end
return 0
