-- Says that a replica is alive. KEYS: the sorted set of replicas. ARGV: its id; how long that lasts, in
-- ms. Returns the ids of all that are alive.

local until_ms = now + tonumber(ARGV[2])
redis.call('ZADD', KEYS[1], until_ms, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
return redis.call('ZRANGE', KEYS[1], 0, -1)
