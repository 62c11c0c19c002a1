import { NOW, type Script, script } from "./script.js";

/**
 * A process is there, and has so many connections.
 *
 * KEYS: the processes. ARGV: this process, its connections, how long the lease is (0: it goes). Gives the connections of all,
 * and 1 where the process was known.
 */
export const beat: Script = script(
  "beat",
  `${NOW}
local process, count, lease = unpack(ARGV)
local at, sum, known = now(), 0, redis.call('HEXISTS', KEYS[1], process)
if tonumber(lease) > 0 then
  redis.call('HSET', KEYS[1], process, count .. ' ' .. string.format('%d', at + lease))
  redis.call('PEXPIRE', KEYS[1], lease)
else
  redis.call('HDEL', KEYS[1], process)
end
local fields = redis.call('HGETALL', KEYS[1])
for index = 1, #fields, 2 do
  local each, untilMs = string.match(fields[index + 1], '^(%d+) (%d+)$')
  if tonumber(untilMs) <= at then redis.call('HDEL', KEYS[1], fields[index]) else sum = sum + each end
end
return { sum, known }
`,
);

/**
 * Remembers what was revoked: a repeat is the newest, what has expired goes first, then the oldest.
 *
 * KEYS: what is revoked by its id, in which order, until when. ARGV: id, what, until when (`+inf`), how many are remembered.
 */
export const revoke: Script = script(
  "revoke",
  `${NOW}
local id, what, untilMs, limit = unpack(ARGV)
local function drop(each)
  redis.call('HDEL', KEYS[1], each)
  redis.call('ZREM', KEYS[2], each)
  redis.call('ZREM', KEYS[3], each)
end
for _, each in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now())) do drop(each) end
local last = redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')
redis.call('HSET', KEYS[1], id, what)
redis.call('ZADD', KEYS[2], tonumber(last[2] or 0) + 1, id)
redis.call('ZADD', KEYS[3], untilMs, id)
for _, each in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1 - limit)) do drop(each) end
local latest = redis.call('ZRANGE', KEYS[3], -1, -1, 'WITHSCORES')[2]
for _, key in ipairs(KEYS) do
  if latest == 'inf' then redis.call('PERSIST', key) else redis.call('PEXPIREAT', key, latest) end
end
return redis.call('HLEN', KEYS[1])
`,
);

/** KEYS as above. Gives what is revoked, the oldest first. */
export const readRevoked: Script = script(
  "readRevoked",
  `
local found = {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do found[#found + 1] = redis.call('HGET', KEYS[1], id) end
return found
`,
);
