-- Ends a session, and answers whose it was. What lies there and is no hash goes as well.
local user = redis.call('TYPE', KEYS[1]).ok == 'hash' and redis.call('HGET', KEYS[1], 'user')
redis.call('DEL', KEYS[1])
return user
