-- Ends a session if it is this user's; an index may name one that is somebody else's by now, or what is no session.
local user = redis.call('TYPE', KEYS[1]).ok == 'hash' and redis.call('HGET', KEYS[1], 'user')
if user ~= ARGV[1] then
  return 0
end
return redis.call('DEL', KEYS[1])
