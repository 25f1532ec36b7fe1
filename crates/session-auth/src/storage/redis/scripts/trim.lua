-- Takes sessions that are gone out of their user's index, except those named within ten minutes: one of them may not be
-- gone but not there yet. Arguments: the sessions' keys.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, key in ipairs(ARGV) do
  local entry = redis.call('HGET', KEYS[1], key)
  if entry and (tonumber(string.match(entry, '^(%d+) ')) or 0) < now - 600000 then
    redis.call('HDEL', KEYS[1], key)
  end
end
