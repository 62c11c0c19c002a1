import { NOW, type Script, script } from "./script.js";

/**
 * How many connections of a user there are at each process: a hash with `<reserved or open> <open> <until when>`.
 *
 * `tally` gives those of others, and whether one of them is open; what is over goes.
 */
const TALLY = `
local function tally(key, process, at)
  local fields, others, isOpen = redis.call('HGETALL', key), 0, false
  for index = 1, #fields, 2 do
    local all, open, untilMs = string.match(fields[index + 1], '^(%d+) (%d+) (%d+)$')
    if tonumber(untilMs) <= at then
      redis.call('HDEL', key, fields[index])
    elseif fields[index] ~= process then
      others = others + all
      if tonumber(open) > 0 then isOpen = true end
    end
  end
  return others, isOpen
end
local function note(key, users, user, process, all, open, untilMs, isOpenElsewhere, lease)
  if tonumber(all) > 0 then
    redis.call('HSET', key, process, all .. ' ' .. open .. ' ' .. string.format('%d', untilMs))
    redis.call('PEXPIRE', key, lease)
  else
    redis.call('HDEL', key, process)
  end
  if tonumber(open) > 0 then
    redis.call('ZADD', users, 'GT', untilMs, user)
    if redis.call('PTTL', users) < tonumber(lease) then redis.call('PEXPIRE', users, lease) end
  elseif not isOpenElsewhere then
    redis.call('ZREM', users, user)
  end
end
`;

/**
 * A user's connections at this process become so many, where there are not more than the limit over all processes then.
 *
 * KEYS: the user, the users of its part. ARGV: the user, this process, how many are reserved or open and how many open, the
 * limit, how long the lease is. Gives 1 where it is so now.
 */
export const reserveUser: Script = script(
  "reserveUser",
  `${NOW}${TALLY}
local user, process, all, open, limit, lease = unpack(ARGV)
local at = now()
local others, isOpenElsewhere = tally(KEYS[1], process, at)
if others + all > tonumber(limit) then return 0 end
note(KEYS[1], KEYS[2], user, process, all, open, at + lease, isOpenElsewhere, lease)
return 1
`,
);

/**
 * Users' connections at this process are so many; and it is still there to say so.
 *
 * KEYS: the users of a part, then some of them. ARGV: this process, how long the lease is; then for each the user, how many are
 * reserved or open, and how many open.
 */
export const noteUsers: Script = script(
  "noteUsers",
  `${NOW}${TALLY}
local process, lease = unpack(ARGV, 1, 2)
local at = now()
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', at)
for index = 2, #KEYS do
  local user, all, open = unpack(ARGV, index * 3 - 3, index * 3 - 1)
  local _, isOpenElsewhere = tally(KEYS[index], process, at)
  note(KEYS[index], KEYS[1], user, process, all, open, at + lease, isOpenElsewhere, lease)
end
return #KEYS - 1
`,
);

/** KEYS: the user. Gives 1 where a connection of it is open. */
export const findUser: Script = script(
  "findUser",
  `${NOW}${TALLY}
local _, isOpen = tally(KEYS[1], '', now())
return isOpen and 1 or 0
`,
);

/** KEYS: the users of a part. Gives how many they are. */
export const countUsers: Script = script(
  "countUsers",
  `${NOW}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now())
return redis.call('ZCARD', KEYS[1])
`,
);
