import { NOW, type Script, script } from "./script.js";
import { STAND } from "./stream.js";

/** Who is present at a process whose lease is over has left: it is said, once, by whoever finds out. */
const SWEEP = `
local function sweep(key, topic, publish, at)
  local fields, dead, found = redis.call('HGETALL', key), {}, false
  for index = 1, #fields, 2 do
    local process = string.match(fields[index], '^lease:(.*)$')
    if process and tonumber(fields[index + 1]) <= at then
      dead[process] = true
      found = true
      redis.call('HDEL', key, fields[index])
    end
  end
  if not found then return end
  local left, members = {}, redis.call('HGETALL', key .. ':members')
  for index = 1, #members, 2 do
    local processes, face = string.match(members[index + 1], '^([^\\n]*)\\n(.*)$')
    local staying = {}
    for process in string.gmatch(processes, '%S+') do
      if not dead[process] then staying[#staying + 1] = process end
    end
    if #staying == 0 then
      redis.call('HDEL', key .. ':members', members[index])
      redis.call('ZREM', key .. ':order', members[index])
      left[#left + 1] = face
    else
      redis.call('HSET', key .. ':members', members[index], table.concat(staying, ' ') .. '\\n' .. face)
    end
  end
  if #left > 0 then
    redis.call(publish, topic, 'l' .. redis.call('HLEN', key .. ':members') .. '\\n' .. table.concat(left, '\\n'))
  end
end
`;

/**
 * Where the streams of these channels are, so that whoever missed something finds out; and who is present there by a lease
 * that is over has left.
 *
 * KEYS: the channels. ARGV: how to publish, this process, how long its lease is; then for each channel its topic, a fresh
 * epoch, how long it is remembered, and whether somebody is present here.
 * Gives for each channel the epoch, the offset, and whether this process's lease was there.
 */
export const compare: Script = script(
  "compare",
  `${STAND}${NOW}${SWEEP}
local publish, process, lease = unpack(ARGV, 1, 3)
local at, found = now(), {}
for index, key in ipairs(KEYS) do
  local topic, fresh, ttl, present = unpack(ARGV, index * 4, index * 4 + 3)
  local known = stand(key, fresh)
  local field, held = 'lease:' .. process, 0
  if present == '1' and redis.call('HEXISTS', key, field) == 1 then
    held = redis.call('EXISTS', key .. ':members', key .. ':order') == 2 and 1 or 0
    redis.call('HSET', key, field, at + lease)
    redis.call('PEXPIRE', key .. ':members', ttl)
    redis.call('PEXPIRE', key .. ':order', ttl)
  end
  sweep(key, topic, publish, at)
  if redis.call('PTTL', key) < tonumber(ttl) then redis.call('PEXPIRE', key, ttl) end
  found[#found + 1] = known[1]
  found[#found + 1] = tonumber(known[2])
  found[#found + 1] = held
end
return found
`,
);

/** One member more, or one less. `members` has for each id the processes that have it, and its face as it joined. */
const ROSTER = `
local function attend(key, process, id, face)
  local known = redis.call('HGET', key .. ':members', id)
  if known then
    local processes, rest = string.match(known, '^([^\\n]*)(\\n.*)$')
    if not string.find(' ' .. processes .. ' ', ' ' .. process .. ' ', 1, true) then
      redis.call('HSET', key .. ':members', id, processes .. ' ' .. process .. rest)
    end
    return nil
  end
  local last = redis.call('ZRANGE', key .. ':order', -1, -1, 'WITHSCORES')
  redis.call('HSET', key .. ':members', id, process .. '\\n' .. face)
  redis.call('ZADD', key .. ':order', tonumber(last[2] or 0) + 1, id)
  return face
end
local function withdraw(key, process, id)
  local known = redis.call('HGET', key .. ':members', id)
  if not known then return nil end
  local processes, face = string.match(known, '^([^\\n]*)\\n(.*)$')
  local staying, found = {}, false
  for each in string.gmatch(processes, '%S+') do
    if each == process then found = true else staying[#staying + 1] = each end
  end
  if not found then return nil end
  if #staying > 0 then
    redis.call('HSET', key .. ':members', id, table.concat(staying, ' ') .. '\\n' .. face)
    return nil
  end
  redis.call('HDEL', key .. ':members', id)
  redis.call('ZREM', key .. ':order', id)
  return face
end
local function say(key, topic, publish, kind, faces)
  if #faces == 0 then return end
  redis.call(publish, topic, kind .. redis.call('HLEN', key .. ':members') .. '\\n' .. table.concat(faces, '\\n'))
end
`;

/** The process has members there for as long as its lease is, and the channel is remembered. */
const KEEP_ROSTER = `
local function keep(key, process, lease, ttl, isOver)
  if isOver == '1' then
    redis.call('HDEL', key, 'lease:' .. process)
  else
    redis.call('HSET', key, 'lease:' .. process, now() + lease)
  end
  for _, each in ipairs({ key, key .. ':members', key .. ':order' }) do
    if redis.call('PTTL', each) < tonumber(ttl) then redis.call('PEXPIRE', each, ttl) end
  end
end
`;

/**
 * A member is on the channel at this process, or is no more.
 *
 * KEYS: the channel. ARGV: fresh epoch, topic, how to publish, this process, how long its lease is, how long the channel is
 * remembered, whether nobody is present here any more; then `+` or `-`, the member's id, and its face.
 * Gives the epoch.
 */
export const changeRoster: Script = script(
  "changeRoster",
  `${STAND}${NOW}${ROSTER}${KEEP_ROSTER}
local fresh, topic, publish, process, lease, ttl, isOver, change, id, face = unpack(ARGV)
local known = stand(KEYS[1], fresh)
if change == '+' then
  say(KEYS[1], topic, publish, 'j', { attend(KEYS[1], process, id, face) })
else
  say(KEYS[1], topic, publish, 'l', { withdraw(KEYS[1], process, id) })
end
keep(KEYS[1], process, lease, ttl, isOver)
return known[1]
`,
);

/**
 * Makes the roster have just these members of this process: it is not known what it has.
 *
 * KEYS and ARGV as above, without the changes; then for each member an id and its face. Gives the epoch.
 */
export const restoreRoster: Script = script(
  "restoreRoster",
  `${STAND}${NOW}${ROSTER}${KEEP_ROSTER}
local fresh, topic, publish, process, lease, ttl, isOver = unpack(ARGV, 1, 7)
local key, mine, joined, left = KEYS[1], {}, {}, {}
local known = stand(key, fresh)
for index = 8, #ARGV, 2 do mine[ARGV[index]] = true end
local members = redis.call('HGETALL', key .. ':members')
for index = 1, #members, 2 do
  if not mine[members[index]] then left[#left + 1] = withdraw(key, process, members[index]) end
end
say(key, topic, publish, 'l', left)
for index = 8, #ARGV, 2 do joined[#joined + 1] = attend(key, process, ARGV[index], ARGV[index + 1]) end
say(key, topic, publish, 'j', joined)
keep(key, process, lease, ttl, isOver)
return known[1]
`,
);

/**
 * Who is present, in the order they joined.
 *
 * KEYS: the channel, its members, their order. ARGV: topic, how to publish, how many are told at most. Gives how many there
 * are, then the faces of the first.
 */
export const readMembers: Script = script(
  "readMembers",
  `${NOW}${SWEEP}
local topic, publish, limit = unpack(ARGV)
sweep(KEYS[1], topic, publish, now())
local found = { redis.call('HLEN', KEYS[2]) }
local ids = tonumber(limit) > 0 and redis.call('ZRANGE', KEYS[3], 0, limit - 1) or {}
-- So many fit on Lua's stack.
for first = 1, #ids, 1000 do
  for _, member in ipairs(redis.call('HMGET', KEYS[2], unpack(ids, first, math.min(first + 999, #ids)))) do
    if member then found[#found + 1] = string.match(member, '^[^\\n]*\\n(.*)$') end
  end
end
return found
`,
);
