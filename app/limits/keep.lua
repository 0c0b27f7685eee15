-- Says that running requests still hold what they hold, also what this store has lost or never had.
-- KEYS: a hash and a sorted set for each hold. ARGV: how long a hold lasts, in ms; then the holds.
-- Returns the numbers of the holds on buckets that are missing and must be rebuilt first.

local until_text = string.format('%d', now + ARGV[1])
local missing = {}

for h = 1, #KEYS / 2 do
  local holder, holds, member = KEYS[2 * h - 1], KEYS[2 * h], ARGV[1 + h]
  local is_known = true
  for bucket in holdings(member) do
    if has_history(bucket) and redis.call('HEXISTS', holder, bucket) == 0 then is_known = false end
  end
  if not is_known then
    missing[#missing + 1] = h
  else
    if redis.call('ZADD', holds, until_text, member) == 1 then adjust(holder, member, 1) end
    redis.call('PEXPIRE', holder, KEEP_MS)
    redis.call('PEXPIRE', holds, KEEP_MS)
  end
end

return missing
