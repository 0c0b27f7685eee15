-- Takes back what a request was given whose caller did not hear of it.
-- KEYS: a hash and a sorted set for each holder. ARGV: the id; the limits.

local id = ARGV[1]

each_holder(cjson.decode(ARGV[2]), function(h, own, texts)
  local holder, holds = KEYS[2 * h - 1], KEYS[2 * h]
  for _, member in ipairs(redis.call('ZRANGE', holds, '0', '-1')) do
    if string.match(member, '^[^\n]*') == id then
      redis.call('ZREM', holds, member)
      adjust(holder, member, -1)
      for i, limit in ipairs(own) do
        if texts[i] and limit[UNIT] == REQUESTS and not limit[IS_SHADOW] then
          local b = parse(texts[i])
          drain(b, limit[CAPACITY], limit[TICKS], limit[TICK_MS])
          charge(b, limit[TICKS], -1)
          redis.call('HSET', holder, limit[BUCKET], format(b))
        end
      end
    end
  end
end)
