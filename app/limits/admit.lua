-- Checks and charges all limits of a request in one step.
-- KEYS: a hash and a sorted set for each holder.
-- ARGV: the id; how long a hold lasts, in ms; the limits; what is needed of each unit; what is wanted.
-- Returns {0, limit, …} with those whose buckets are missing and must be rebuilt first; otherwise
-- {1, now, admitted, the four grants, then `debt tick held refusals fitted` for each limit}.

local REAP = 32

local id, lease_ms = ARGV[1], tonumber(ARGV[2])
local limits = limits_from(ARGV[3])
local needs, grants = amounts_from(4), amounts_from(8)

for h = 1, #KEYS / 2 do
  -- Left behind by processes that died.
  local expired = redis.call('ZRANGEBYSCORE', KEYS[2 * h], '-inf', now, 'LIMIT', 0, REAP)
  for _, member in ipairs(expired) do
    redis.call('ZREM', KEYS[2 * h], member)
    adjust(KEYS[2 * h - 1], member, -1)
  end
end

local missing = { 0 }
each_holder(limits, function(_, own, texts)
  for i, limit in ipairs(own) do
    if not texts[i] and has_history(limit.bucket) then missing[#missing + 1] = limit.index end
    limit.b = parse(texts[i])
  end
end)
if #missing > 1 then return missing end

local admitted = true
for _, limit in ipairs(limits) do
  local b, unit, ticks = limit.b, limit.unit, limit.ticks
  drain(b, limit.capacity, limit.tick_ms)
  limit.fitted = b.debt <= (limit.capacity - b.held - needs[unit]) * ticks
  if not limit.is_shadow then
    admitted = admitted and limit.fitted
    local free = math.max(0, (limit.capacity - b.held) * ticks - b.debt)
    grants[unit] = math.min(grants[unit], (free - math.fmod(free, ticks)) / ticks)
  end
end

local changes, members = {}, {}
local reply = { 1, now, admitted and 1 or 0, grants[1], grants[2], grants[3], grants[4] }
for h = 1, #KEYS / 2 do
  changes[h], members[h] = {}, { id }
end
for i, limit in ipairs(limits) do
  local b, unit, change, member = limit.b, limit.unit, changes[limit.holder], members[limit.holder]
  if admitted then
    if not limit.fitted then
      b.refusals = b.refusals + 1
    elseif unit == REQUESTS then
      charge(b, limit.ticks, grants[unit])
    else
      hold(b, grants[unit])
      member[#member + 1] = limit.bucket
      member[#member + 1] = string.format('%d', grants[unit])
    end
  end
  local text = format(b)
  change[#change + 1] = limit.bucket
  change[#change + 1] = text
  reply[7 + i] = text .. (limit.fitted and ' 1' or ' 0')
end

if admitted then
  for h = 1, #KEYS / 2 do
    redis.call('HSET', KEYS[2 * h - 1], unpack(changes[h]))
    redis.call('PEXPIRE', KEYS[2 * h - 1], KEEP_MS)
    if #members[h] > 1 then
      redis.call('ZADD', KEYS[2 * h], now + lease_ms, table.concat(members[h], '\n'))
      redis.call('PEXPIRE', KEYS[2 * h], KEEP_MS)
    end
  end
end
return reply
