-- Says that there is a revision; a later one that was said before stays.
-- KEYS: the revision. ARGV: the number.

local known = tonumber(redis.call('GET', KEYS[1]) or '0')
if tonumber(ARGV[1]) > known then redis.call('SET', KEYS[1], ARGV[1]) end
return 1
