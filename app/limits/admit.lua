-- Checks and charges all limits of a request in one step.
-- KEYS: a hash and a sorted set for each holder.
-- ARGV: the id; how long a hold lasts, in ms; the limits; what is needed of each unit; what is wanted;
-- where the revision is.
-- Returns {0, limit, …} with those whose buckets are missing and must be rebuilt first; otherwise
-- {1, now, admitted, the four grants, the revision, then `debt tick held refusals fitted` for each limit}.

local REAP = '32'

local id, lease_ms = ARGV[1], tonumber(ARGV[2])
local limits = cjson.decode(ARGV[3])
local needs, grants = amounts_from(4), amounts_from(8)
local now_text = string.format('%d', now)

for h = 1, #KEYS / 2 do
  -- Left behind by processes that died.
  local expired = redis.call('ZRANGEBYSCORE', KEYS[2 * h], '-inf', now_text, 'LIMIT', '0', REAP)
  for _, member in ipairs(expired) do
    redis.call('ZREM', KEYS[2 * h], member)
    adjust(KEYS[2 * h - 1], member, -1)
  end
end

local missing, buckets = { 0 }, {}
each_holder(limits, function(_, own, texts)
  for i, limit in ipairs(own) do
    buckets[#buckets + 1] = parse(texts[i])
    if not texts[i] and has_history(limit[BUCKET]) then missing[#missing + 1] = #buckets end
  end
end)
if #missing > 1 then return missing end

local admitted, fitted = true, {}
for i, limit in ipairs(limits) do
  local b, unit, ticks = buckets[i], limit[UNIT], limit[TICKS]
  drain(b, limit[CAPACITY], limit[TICKS], limit[TICK_MS])
  local free = limit[CAPACITY] - b.held
  fitted[i] = b.debt <= (free - needs[unit]) * ticks
  if not limit[IS_SHADOW] then
    admitted = admitted and fitted[i]
    local room = math.max(0, free * ticks - b.debt)
    grants[unit] = math.min(grants[unit], (room - room % ticks) / ticks)
  end
end

local changes, members = {}, {}
local reply = { 1, now, admitted and 1 or 0, grants[1], grants[2], grants[3], grants[4] }
reply[8] = redis.call('GET', ARGV[12]) or '0'
for h = 1, #KEYS / 2 do changes[h] = {} end
for i, limit in ipairs(limits) do
  local b, bucket, unit = buckets[i], limit[BUCKET], limit[UNIT]
  if admitted then
    if not fitted[i] then
      b.refusals = b.refusals + 1
    else
      local member = members[limit[HOLDER]] or { id }
      members[limit[HOLDER]] = member
      if unit == REQUESTS then
        charge(b, limit[TICKS], grants[unit])
      else
        hold(b, grants[unit])
        member[#member + 1] = bucket
        member[#member + 1] = string.format('%d', grants[unit])
      end
    end
  end
  local text, change = format(b), changes[limit[HOLDER]]
  change[#change + 1] = bucket
  change[#change + 1] = text
  reply[8 + i] = text .. (fitted[i] and ' 1' or ' 0')
end

if admitted then
  local until_text = string.format('%d', now + lease_ms)
  for h = 1, #KEYS / 2 do
    redis.call('HSET', KEYS[2 * h - 1], unpack(changes[h]))
    redis.call('PEXPIRE', KEYS[2 * h - 1], KEEP_MS)
    if members[h] then
      redis.call('ZADD', KEYS[2 * h], until_text, table.concat(members[h], '\n'))
      redis.call('PEXPIRE', KEYS[2 * h], KEEP_MS)
    end
  end
end
return reply
