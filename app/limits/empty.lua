-- Gives back what was used of some buckets. KEYS: the holder's hash. ARGV: their names.

for _, bucket in ipairs(ARGV) do
  local b = parse(redis.call('HGET', KEYS[1], bucket))
  b.debt, b.refusals = 0, 0
  redis.call('HSET', KEYS[1], bucket, format(b))
end
redis.call('PEXPIRE', KEYS[1], KEEP_MS)
return now
