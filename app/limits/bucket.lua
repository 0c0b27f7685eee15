-- One bucket, as app/domain/bucket.ts has it: whole numbers only, exact in doubles. Shared by all
-- scripts. A holder is a hash of buckets, `debt tick held refusals` each, and a sorted set of what
-- running requests hold of them: a line for the id, then one for each bucket and its amount.

local MAX_DEBT = 9000000000000000
local MOST_WINDOWS = 2
-- Longer than a day's bucket takes to empty; a holder that nobody has used for so long is forgotten.
-- As a text: Redis is slow to make one of a number.
local KEEP_MS = '172800000'
local REQUESTS = 1

-- What stands where in a limit, as callers write it in JSON: holders and units are counted from 1.
local HOLDER, BUCKET, UNIT, CAPACITY, TICKS, TICK_MS, IS_SHADOW = 1, 2, 3, 4, 5, 6, 7

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

local function drain(b, capacity, ticks, tick_ms)
  local tick = math.max(b.tick, math.floor(now / tick_ms))
  local owed = math.min(b.debt, MOST_WINDOWS * capacity * ticks)
  b.debt = math.max(0, owed - (tick - b.tick) * capacity)
  b.tick = tick
end

local function charge(b, ticks, amount)
  b.debt = math.min(math.max(0, b.debt + amount * ticks), MAX_DEBT)
end

local function hold(b, amount)
  b.held = math.max(0, b.held + amount)
end

-- Whether the ledger knows what was in a bucket, so that one that is missing has to be rebuilt: by
-- the window in its name, the fifth word.
local function has_history(bucket)
  local window = string.match(bucket, '^%S+ %S+ %S+ %S+ (%S+)')
  return window == 'hour' or window == 'day'
end

-- The buckets that a hold names, each with its amount.
local function holdings(member)
  return string.gmatch(member, '\n([^\n]+)\n(%d+)')
end

-- Adds what a hold names to the holder's buckets, or takes it away. What is taken from a bucket that
-- is missing does not make one: it would pass for an empty one that needs no rebuilding.
local function adjust(holder, member, sign)
  for bucket, amount in holdings(member) do
    local text = redis.call('HGET', holder, bucket)
    if text or sign > 0 then
      local b = parse(text)
      hold(b, sign * amount)
      redis.call('HSET', holder, bucket, format(b))
    end
  end
end

-- Calls `visit` with each holder's number, the limits of that holder, and what the hash has of their
-- buckets. Limits of one holder stand together.
local function each_holder(limits, visit)
  local i = 1
  for h = 1, #KEYS / 2 do
    local own, names = {}, {}
    while limits[i] and limits[i][HOLDER] == h do
      own[#own + 1] = limits[i]
      names[#names + 1] = limits[i][BUCKET]
      i = i + 1
    end
    visit(h, own, redis.call('HMGET', KEYS[2 * h - 1], unpack(names)))
  end
end

-- Four numbers, one for each unit, from the arguments that begin there.
local function amounts_from(first)
  local amounts = {}
  for unit = 1, 4 do amounts[unit] = tonumber(ARGV[first + unit - 1]) end
  return amounts
end
