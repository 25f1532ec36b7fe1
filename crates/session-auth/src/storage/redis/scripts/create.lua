-- Stores a new session, unless the key is taken. Arguments: milliseconds to keep it, number of fields, fields with values.
if redis.call('EXISTS', KEYS[1]) == 1 then
  return 0
end
for pair = 1, tonumber(ARGV[2]) do
  redis.call('HSET', KEYS[1], ARGV[1 + 2 * pair], ARGV[2 + 2 * pair])
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
