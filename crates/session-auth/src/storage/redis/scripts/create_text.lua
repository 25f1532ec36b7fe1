-- Stores the text of a new session, unless the key is taken. Arguments: the text, seconds to keep it or nothing.
if ARGV[2] == '' then
  return redis.call('SETNX', KEYS[1], ARGV[1])
end
return redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2], 'NX') and 1 or 0
