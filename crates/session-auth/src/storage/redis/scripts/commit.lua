-- Applies a change to the session as it is now and moves it to KEYS[2], which may be the key that it has.
-- Values are compared and copied as the text that they are; none is parsed.
local key, target = KEYS[1], KEYS[2]
local taken = 0
local function take()
  taken = taken + 1
  return ARGV[taken]
end

local stored = redis.call('HMGET', key, 'seen', 'idle', 'deadline', 'user')
if redis.call('EXISTS', key) == 0 then
  return {'gone'}
end
local seen, idle, deadline = tonumber(stored[1]), tonumber(stored[2]), tonumber(stored[3])
local user = stored[4]
if not (seen and idle and deadline) then
  return {'damaged'}
end

local at = take()
local now, grace = tonumber(at), tonumber(take())
if now >= math.min(seen + idle, deadline) then
  return {'gone'}
end

local guard = take()
if guard ~= 'anybody' and guard ~= (user and '=' .. user or 'nobody') then
  return {'other user'}
end

local as_expected = true
for _ = 1, tonumber(take()) do
  local field, text = take(), take()
  if (redis.call('HGET', key, field) or '') ~= text then
    as_expected = false
  end
end
if not as_expected then
  return {'changed', redis.call('HGETALL', key)}
end
if target ~= key and redis.call('EXISTS', target) == 1 then
  return redis.error_reply('ERR the new key of a session is taken')
end

local wipe = take() == '1'
local new_user = take()
if user and new_user ~= 'anybody' and new_user ~= '=' .. user then
  wipe = true
end
if wipe then
  for _, field in ipairs(redis.call('HKEYS', key)) do
    if string.sub(field, 1, 1) == '=' then
      redis.call('HDEL', key, field)
    end
  end
end
for _ = 1, tonumber(take()) do
  redis.call('HDEL', key, take())
end
for _ = 1, tonumber(take()) do
  redis.call('HSET', key, take(), take())
end
if now > seen then
  redis.call('HSET', key, 'seen', at)
  seen = now
end

local lifetime = redis.call('HMGET', key, 'idle', 'deadline')
local left = math.min(seen + tonumber(lifetime[1]), tonumber(lifetime[2])) - now + grace
redis.call('PEXPIRE', key, string.format('%.0f', math.max(left, grace)))
if target ~= key then
  redis.call('RENAME', key, target)
end
return {'done', user}
