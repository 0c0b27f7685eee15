-- Puts back buckets that are missing; those that are there stay as they are.
-- KEYS: the holder's hash. ARGV: for each bucket its name, debt and tick. Returns how many were missing.

local made = 0
for at = 1, #ARGV, 3 do
  local text = ARGV[at + 1] .. ' ' .. ARGV[at + 2] .. ' 0 0'
  made = made + redis.call('HSETNX', KEYS[1], ARGV[at], text)
end
redis.call('PEXPIRE', KEYS[1], KEEP_MS)
return made
