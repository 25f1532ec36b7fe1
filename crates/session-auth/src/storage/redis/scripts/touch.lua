-- Notes when a session was last used; a session that is not there stays away. Arguments: when, milliseconds of grace.
local stored = redis.call('HMGET', KEYS[1], 'seen', 'idle', 'deadline')
local seen, idle, deadline = tonumber(stored[1]), tonumber(stored[2]), tonumber(stored[3])
local now = tonumber(ARGV[1])
if not (seen and idle and deadline) or now <= seen then
  return
end
redis.call('HSET', KEYS[1], 'seen', ARGV[1])
local left = math.min(now + idle, deadline) - now + ARGV[2]
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.max(left, tonumber(ARGV[2]))))
