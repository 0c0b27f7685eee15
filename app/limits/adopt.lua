-- Counts a running request that this store does not count: it was let in elsewhere, or got lost.
-- KEYS: a hash and a sorted set for each holder.
-- ARGV: how long a hold lasts, in ms; the limits; what was granted of each unit; then each holder's line.
-- Returns the numbers of the limits whose buckets are missing and must be rebuilt first.

local until_text = string.format('%d', now + ARGV[1])
local limits, granted = cjson.decode(ARGV[2]), amounts_from(3)

local missing, count = {}, 0
each_holder(limits, function(_, own, texts)
  for i, limit in ipairs(own) do
    count = count + 1
    if not texts[i] and has_history(limit[BUCKET]) then missing[#missing + 1] = count end
  end
end)
if #missing > 0 then return missing end

each_holder(limits, function(h, own, texts)
  local holder, holds = KEYS[2 * h - 1], KEYS[2 * h]
  if redis.call('ZADD', holds, 'NX', until_text, ARGV[6 + h]) == 0 then return end
  local changes = {}
  for i, limit in ipairs(own) do
    local b, unit = parse(texts[i]), limit[UNIT]
    drain(b, limit[CAPACITY], limit[TICKS], limit[TICK_MS])
    if unit == REQUESTS then charge(b, limit[TICKS], granted[unit]) else hold(b, granted[unit]) end
    changes[#changes + 1] = limit[BUCKET]
    changes[#changes + 1] = format(b)
  end
  redis.call('HSET', holder, unpack(changes))
  redis.call('PEXPIRE', holder, KEEP_MS)
  redis.call('PEXPIRE', holds, KEEP_MS)
end)

return missing
