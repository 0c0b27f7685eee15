-- Puts back buckets that are missing, with what running requests hold of them.
-- KEYS: the holder's hash and sorted set.
-- ARGV: 1 when those that are there must owe no less than is said of them, else 0; then for each bucket
-- its name, debt, tick, capacity, ticks and tick_ms.

local raises = ARGV[1] == '1'

local held = {}
for _, member in ipairs(redis.call('ZRANGE', KEYS[2], '0', '-1')) do
  for bucket, amount in holdings(member) do held[bucket] = (held[bucket] or 0) + amount end
end

for at = 2, #ARGV, 6 do
  local name, said = ARGV[at], { debt = ARGV[at + 1] + 0, tick = ARGV[at + 2] + 0 }
  local capacity, ticks, tick_ms = ARGV[at + 3] + 0, ARGV[at + 4] + 0, ARGV[at + 5] + 0
  local text = redis.call('HGET', KEYS[1], name)
  if raises or not text then
    local b = parse(text)
    if not text then b.held = held[name] or 0 end
    drain(b, capacity, ticks, tick_ms)
    drain(said, capacity, ticks, tick_ms)
    b.debt, b.tick = math.max(b.debt, said.debt), math.max(b.tick, said.tick)
    redis.call('HSET', KEYS[1], name, format(b))
  end
end
redis.call('PEXPIRE', KEYS[1], KEEP_MS)
