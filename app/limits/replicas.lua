-- Says that a replica is alive, and counts how often any has.
-- KEYS: the sorted set of replicas; the count. ARGV: its id; how long that lasts, in ms.
-- Returns the count, and the ids of all that are alive.

local until_ms = now + tonumber(ARGV[2])
redis.call('ZADD', KEYS[1], until_ms, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
return { redis.call('INCR', KEYS[2]), redis.call('ZRANGE', KEYS[1], 0, -1) }
