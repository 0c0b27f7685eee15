-- Replaces what a request held by what it used.
-- KEYS: a hash and a sorted set for each holder.
-- ARGV: 1 when it may have been settled before, so that it counts only while its hold is there; the
-- limits; what was granted of each unit; what to charge; then each holder's line.
-- Returns the numbers of the limits whose buckets are missing: the ledger has what was used of them.

local is_retry = ARGV[1] == '1'
local granted, charges = amounts_from(3), amounts_from(7)
local missing, count = {}, 0

each_holder(cjson.decode(ARGV[2]), function(h, own, texts)
  local was_held = redis.call('ZREM', KEYS[2 * h], ARGV[10 + h]) == 1
  if is_retry and not was_held then
    count = count + #own
    return
  end
  local changes = {}
  for i, limit in ipairs(own) do
    local unit = limit[UNIT]
    local is_done = unit == REQUESTS and charges[unit] == 0
    count = count + 1
    if not texts[i] and has_history(limit[BUCKET]) then
      missing[#missing + 1] = count
    elseif not is_done then
      local b = parse(texts[i])
      drain(b, limit[CAPACITY], limit[TICKS], limit[TICK_MS])
      if was_held and unit ~= REQUESTS then hold(b, -granted[unit]) end
      charge(b, limit[TICKS], charges[unit])
      changes[#changes + 1] = limit[BUCKET]
      changes[#changes + 1] = format(b)
    end
  end
  if #changes > 0 then
    redis.call('HSET', KEYS[2 * h - 1], unpack(changes))
    redis.call('PEXPIRE', KEYS[2 * h - 1], KEEP_MS)
  end
end)

return missing
