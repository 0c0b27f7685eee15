-- One bucket, as app/domain/bucket.ts has it: whole numbers only, exact in doubles. Shared by all
-- scripts. A holder is a hash of buckets, `debt tick held refusals` each, and a sorted set of what
-- running requests hold of them: a line for the id, then one for each bucket and its amount.

local MAX_DEBT = 9000000000000000
-- Longer than a day's bucket takes to empty; a holder that nobody has used for so long is forgotten.
local KEEP_MS = 2 * 86400000
local REQUESTS = 1

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function parse(text)
  if not text then return { debt = 0, tick = 0, held = 0, refusals = 0 } end
  local debt, tick, held, refusals = string.match(text, '^(%d+) (%d+) (%d+) (%d+)$')
  return {
    debt = tonumber(debt),
    tick = tonumber(tick),
    held = tonumber(held),
    refusals = tonumber(refusals),
  }
end

local function format(b)
  return string.format('%d %d %d %d', b.debt, b.tick, b.held, b.refusals)
end

local function drain(b, capacity, tick_ms)
  local tick = math.max(b.tick, math.floor(now / tick_ms))
  b.debt = math.max(0, b.debt - (tick - b.tick) * capacity)
  b.tick = tick
end

local function charge(b, ticks, amount)
  b.debt = math.min(math.max(0, b.debt + amount * ticks), MAX_DEBT)
end

local function hold(b, amount)
  b.held = math.max(0, b.held + amount)
end

-- Whether the ledger knows what was in a bucket, so that one that is missing has to be rebuilt.
local function has_history(bucket)
  local window = string.match(bucket, ' (%l+)$')
  if window == 'shadow' then window = string.match(bucket, ' (%l+) shadow$') end
  return window == 'hour' or window == 'day'
end

-- The buckets that a hold names, each with its amount.
local function holdings(member)
  local found = {}
  local rest = string.match(member, '\n(.*)$') or ''
  for bucket, amount in string.gmatch(rest, '([^\n]+)\n(%d+)') do
    found[#found + 1] = { bucket, tonumber(amount) }
  end
  return found
end

-- Adds what a hold names to the holder's buckets, or takes it away.
local function adjust(holder, member, sign)
  for _, holding in ipairs(holdings(member)) do
    local b = parse(redis.call('HGET', holder, holding[1]))
    hold(b, sign * holding[2])
    redis.call('HSET', holder, holding[1], format(b))
  end
end

-- Calls `visit` with each holder's number, the limits of that holder, and what the hash has of their
-- buckets. Limits of one holder stand together.
local function each_holder(limits, visit)
  local i = 1
  for h = 1, #KEYS / 2 do
    local own, names = {}, {}
    while limits[i] and limits[i].holder == h do
      own[#own + 1] = limits[i]
      names[#names + 1] = limits[i].bucket
      i = i + 1
    end
    visit(h, own, redis.call('HMGET', KEYS[2 * h - 1], unpack(names)))
  end
end

-- Reads the limits of a call: [holder (1, 2, …), bucket, unit (1 … 4), capacity, ticks, tick_ms,
-- is_shadow] each, as JSON.
local function limits_from(json)
  local limits = cjson.decode(json)
  for i, l in ipairs(limits) do
    limits[i] = {
      index = i,
      holder = l[1],
      bucket = l[2],
      unit = l[3],
      capacity = l[4],
      ticks = l[5],
      tick_ms = l[6],
      is_shadow = l[7],
    }
  end
  return limits
end

-- Four numbers, one for each unit, from the arguments that begin there.
local function amounts_from(first)
  local amounts = {}
  for unit = 1, 4 do amounts[unit] = tonumber(ARGV[first + unit - 1]) end
  return amounts
end
