-- Names a session in its user's index: `<when it was named> <when it is over for certain>`, by the clock of this server.
-- Arguments: the session's key, milliseconds until it is over. What is over goes on the way.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local over = now + ARGV[2]
local entries = redis.call('HGETALL', KEYS[1])
for entry = 1, #entries, 2 do
  local other = tonumber(string.match(entries[entry + 1], ' (%d+)$'))
  if entries[entry] == ARGV[1] then
    over = math.max(over, other or over)
  elseif other and other < now then
    redis.call('HDEL', KEYS[1], entries[entry])
  end
end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f %.0f', now, over))
if redis.call('PTTL', KEYS[1]) < over - now then
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', over - now))
end
