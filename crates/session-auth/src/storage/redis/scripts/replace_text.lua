-- Replaces the text of a session, if it is the one that was read, and moves it to KEYS[2], which may be the key that it
-- has. Arguments: the text that was read, the new one, seconds to keep it or nothing.
local key, target = KEYS[1], KEYS[2]
local current = redis.call('GET', key)
if not current then
  return {'gone'}
end
if current ~= ARGV[1] then
  return {'otherwise', current}
end
if target ~= key and redis.call('EXISTS', target) == 1 then
  return redis.error_reply('ERR the new key of a session is taken')
end
if ARGV[3] == '' then
  redis.call('SET', target, ARGV[2])
else
  redis.call('SET', target, ARGV[2], 'EX', ARGV[3])
end
if target ~= key then
  redis.call('DEL', key)
end
return {'done'}
