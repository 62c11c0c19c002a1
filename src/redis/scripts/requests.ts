import { type Script, script } from "./script.js";

/** A stream that was flushed, and written to again, has no group until somebody reads. */
const HAS_GROUP = `
local function hasGroup()
  if redis.call('EXISTS', KEYS[1]) == 0 then return false end
  for _, each in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do if each[2] == ARGV[1] then return true end end
  return false
end
`;

/**
 * What waits for a process that has died is this one's, and the oldest of what is too much is gone.
 *
 * KEYS: the stream. ARGV: the group, this process, for how long nobody has to have held it, how many at most, how many may wait.
 * Gives id, text and how often it was handed out, of each, and how many are gone.
 */
export const takeOver: Script = script(
  "takeOver",
  `${HAS_GROUP}
local group, process, idleMs, count, most = unpack(ARGV)
if not hasGroup() then return { {}, 0 } end
local gone = redis.call('XTRIM', KEYS[1], 'MAXLEN', '~', most)
local found = {}
if tonumber(count) > 0 then
  local claimed = redis.call('XAUTOCLAIM', KEYS[1], group, process, idleMs, '0-0', 'COUNT', count)
  for _, entry in ipairs(claimed[2]) do
    local pending = redis.call('XPENDING', KEYS[1], group, entry[1], entry[1], 1)
    found[#found + 1] = { entry[1], entry[2], pending[1] and pending[1][4] or 1 }
  end
end
for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], group)) do
  local name, pending, idle = consumer[2], consumer[4], consumer[6]
  if name ~= process and pending == 0 and idle > 10 * idleMs then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], group, name)
  end
end
return { found, gone }
`,
);

/**
 * This process still has them: nobody is to take them over.
 *
 * KEYS: the stream. ARGV: the group, this process, ids.
 */
export const hold: Script = script(
  "hold",
  `${HAS_GROUP}
if not hasGroup() then return 0 end
redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, unpack(ARGV, 3), 'JUSTID')
return 1
`,
);

/**
 * It is done.
 *
 * KEYS: the stream. ARGV: the group, its id.
 */
export const finish: Script = script(
  "finish",
  `
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
return redis.call('XDEL', KEYS[1], ARGV[2])
`,
);

/**
 * Says an answer to whoever waits for it.
 *
 * KEYS: the list that they look at. ARGV: the answer, how many it may have, how long it is kept.
 */
export const reply: Script = script(
  "reply",
  `
redis.call('RPUSH', KEYS[1], ARGV[1])
redis.call('LTRIM', KEYS[1], -ARGV[2], -1)
return redis.call('PEXPIRE', KEYS[1], ARGV[3])
`,
);

/**
 * This process takes no more. What it has and did not do is taken over.
 *
 * KEYS: the stream. ARGV: the group, this process.
 */
export const leave: Script = script(
  "leave",
  `${HAS_GROUP}
if not hasGroup() then return 0 end
local pending = redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2])
if #pending == 0 then redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2]) end
return #pending
`,
);
