import { createHash } from "node:crypto";

/**
 * What Redis does in one atomic step. It is sent as its hash (`EVALSHA`); each connection loads all of them first.
 *
 * KEYS are all in one slot. Whoever may run these needs the commands that docs/how-to/scale.md lists, and no others.
 */
export interface Script {
  readonly name: string;
  readonly source: string;
  readonly sha: string;
}

/**
 * A channel's own key is a hash: `epoch`, `offset` (of its newest event), `missing` (the newest one that is no longer kept,
 * or never was), `master` (which master gave the last offset), `until` (nothing kept is over before), `began` (its first epoch),
 * and `lease:<process>` for each process that somebody is present at.
 *
 * `stand` tells where the stream is. It begins a new epoch where it is not known, and where this is another master than the one
 * that gave the last offset: what that one gave out since this one's copy was made can't be known (a restart from a snapshot, a
 * replica that was promoted, a slot that moved). What is kept goes on being kept, with its offsets.
 */
const STAND = `
local master
local function stand(key, fresh)
  local known = redis.call('HMGET', key, 'epoch', 'offset', 'missing', 'master', 'until', 'began')
  master = master or string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)')
  if known[4] == master then return known end
  if not known[1] then
    redis.call('DEL', key .. ':events', key .. ':subjects', key .. ':ends', key .. ':members', key .. ':order')
    known = { fresh, '0', '0', master, false, fresh }
  end
  known[1] = fresh
  redis.call('HSET', key, 'epoch', fresh, 'offset', known[2], 'missing', known[3] or '0', 'master', master, 'began', known[6])
  return known
end
`;

/**
 * What has been said with a key is not said again. A key is not of a stream that began after it was used: that another master
 * goes on with the stream does not matter to it.
 */
const REPEAT = `
local function repeated(known, key)
  local used = key and redis.call('GET', key)
  local began, offset = string.match(used or '', '^(%S+) (%d+)$')
  if began == known[6] then return { known[1], tonumber(offset) } end
end
local function remember(known, key, offset, ttl)
  if key then redis.call('SET', key, known[6] .. ' ' .. offset, 'PX', ttl) end
end
`;

/** Milliseconds by Redis's clock. */
const NOW = `
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
`;

/** Events that are over go, oldest first; `until` says when to look again. An event's id is its offset and when it is over. */
const FORGET = `
local function forget(key, known, at)
  if not known[5] or tonumber(known[5]) > at then return end
  local missing, nextUntil = tonumber(known[3]), false
  repeat
    local page = redis.call('XRANGE', key .. ':events', '-', '+', 'COUNT', 100)
    for _, entry in ipairs(page) do
      local offset, untilMs = string.match(entry[1], '(%d+)-(%d+)')
      if tonumber(untilMs) > at then
        nextUntil = untilMs
        break
      end
      redis.call('XDEL', key .. ':events', entry[1])
      if entry[2][4] then
        redis.call('HDEL', key .. ':subjects', entry[2][4])
        redis.call('ZREM', key .. ':ends', entry[2][4])
      end
      if tonumber(offset) > missing then missing = tonumber(offset) end
    end
  until nextUntil or #page < 100
  if not nextUntil then missing = tonumber(known[2]) end
  known[3], known[5] = missing, nextUntil
  redis.call('HSET', key, 'missing', missing)
  if nextUntil then redis.call('HSET', key, 'until', nextUntil) else redis.call('HDEL', key, 'until') end
end
`;

/**
 * Says an event that nobody who comes later is to find.
 *
 * KEYS: the channel, and the key of the publish where it has one. ARGV: fresh epoch, topic, how to publish, what is said,
 * how long the stream is remembered, how long a key is.
 * Gives the epoch and the offset, of the first where it is a repeat.
 */
export const publishLive: Script = script(
  "publishLive",
  `${STAND}${REPEAT}
local fresh, topic, publish, said, ttl, keyTtl = unpack(ARGV)
local known = stand(KEYS[1], fresh)
local first = repeated(known, KEYS[2])
if first then return first end
local offset = tonumber(known[2]) + 1
redis.call('HSET', KEYS[1], 'offset', offset, 'missing', offset)
redis.call('PEXPIRE', KEYS[1], ttl)
remember(known, KEYS[2], offset, keyTtl)
redis.call(publish, topic, 'e' .. known[1] .. ' ' .. offset .. ' ' .. said)
return { known[1], offset }
`,
);

/**
 * Says an event and keeps it, with all that are younger than their time, up to a number of them.
 *
 * KEYS: the channel, its events, and the key of the publish where it has one. ARGV: as above, then how many are kept, and
 * for how long.
 */
export const publishKept: Script = script(
  "publishKept",
  `${STAND}${REPEAT}${NOW}${FORGET}
local fresh, topic, publish, said, ttl, keyTtl, size, keepMs = unpack(ARGV)
local known = stand(KEYS[1], fresh)
local first = repeated(known, KEYS[3])
if first then return first end
local at = now()
forget(KEYS[1], known, at)
local offset = tonumber(known[2]) + 1
local untilMs = at + keepMs
redis.call('XADD', KEYS[2], 'MAXLEN', '=', size, string.format('%d-%d', offset, untilMs), 'said', said)
local missing = math.max(tonumber(known[3]), offset - size)
-- What was kept may have been evicted.
if redis.call('XLEN', KEYS[2]) == 1 then missing = offset - 1 end
redis.call('HSET', KEYS[1], 'offset', offset, 'missing', missing, 'until', math.min(tonumber(known[5] or untilMs), untilMs))
redis.call('PEXPIRE', KEYS[1], math.max(ttl, keepMs))
redis.call('PEXPIRE', KEYS[2], keepMs)
remember(known, KEYS[3], offset, keyTtl)
redis.call(publish, topic, 'e' .. known[1] .. ' ' .. offset .. ' ' .. said)
return { known[1], offset }
`,
);

/**
 * Says an event about a subject, of which only the latest is kept; where there are too many, the oldest with which a subject
 * has ended goes, and the oldest of all where none has. What follows an end that is kept is a repeat of it.
 *
 * KEYS: the channel, its events, which event each subject has, which of them are ends, and the key of the publish where it has
 * one. ARGV: as above, then the subject, and `first`, `last` or nothing.
 */
export const publishAbout: Script = script(
  "publishAbout",
  `${STAND}${REPEAT}${NOW}${FORGET}
local fresh, topic, publish, said, ttl, keyTtl, size, keepMs, subject, part = unpack(ARGV)
local events, subjects, ends = KEYS[2], KEYS[3], KEYS[4]
local known = stand(KEYS[1], fresh)
local first = repeated(known, KEYS[5])
if first then return first end
local at = now()
forget(KEYS[1], known, at)
local missing = redis.call('EXISTS', events) == 0 and tonumber(known[2]) or tonumber(known[3])
local former = redis.call('HGET', subjects, subject)
if former and part ~= 'first' and redis.call('ZSCORE', ends, subject) and #redis.call('XRANGE', events, former, former) > 0 then
  return { known[1], tonumber(string.match(former, '%d+')) }
end
if former then redis.call('XDEL', events, former) end
local offset = tonumber(known[2]) + 1
local untilMs = at + keepMs
local id = string.format('%d-%d', offset, untilMs)
redis.call('XADD', events, id, 'said', said, 'subject', subject)
redis.call('HSET', subjects, subject, id)
if part == 'last' then redis.call('ZADD', ends, offset, subject) else redis.call('ZREM', ends, subject) end
while redis.call('XLEN', events) > tonumber(size) do
  local ended = redis.call('ZRANGE', ends, 0, 0)[1]
  local going = ended and ended ~= subject and redis.call('HGET', subjects, ended)
  if ended and ended ~= subject and (not going or #redis.call('XRANGE', events, going, going) == 0) then
    redis.call('ZREM', ends, ended)
  else
    local oldest = redis.call('XRANGE', events, '-', '+', 'COUNT', 1)[1]
    if not going then going, ended = oldest[1], oldest[2][4] end
    redis.call('XDEL', events, going)
    if ended then
      redis.call('HDEL', subjects, ended)
      redis.call('ZREM', ends, ended)
    end
    missing = math.max(missing, tonumber(string.match(going, '%d+')))
  end
end
redis.call('HSET', KEYS[1], 'offset', offset, 'missing', missing, 'until', math.min(tonumber(known[5] or untilMs), untilMs))
redis.call('PEXPIRE', KEYS[1], math.max(ttl, keepMs))
for index = 2, 4 do redis.call('PEXPIRE', KEYS[index], keepMs) end
remember(known, KEYS[5], offset, keyTtl)
redis.call(publish, topic, 'e' .. known[1] .. ' ' .. offset .. ' ' .. said)
return { known[1], offset }
`,
);

/**
 * Events that are kept.
 *
 * KEYS: the channel, its events. ARGV: fresh epoch, how long the stream is remembered, the ids between which they are, how many,
 * and whether the oldest or the newest of them.
 * Gives the epoch, the offset of the newest, the newest that is missing, and the events by their ids.
 */
export const readEvents: Script = script(
  "readEvents",
  `${STAND}${NOW}${FORGET}
local fresh, ttl, from, to, limit, which = unpack(ARGV)
local known = stand(KEYS[1], fresh)
forget(KEYS[1], known, now())
if redis.call('PTTL', KEYS[1]) < tonumber(ttl) then redis.call('PEXPIRE', KEYS[1], ttl) end
local page
if which == 'oldest' then
  page = redis.call('XRANGE', KEYS[2], from, to, 'COUNT', limit)
else
  page = redis.call('XREVRANGE', KEYS[2], to, from, 'COUNT', limit)
end
local missing = tonumber(known[3])
if #page == 0 and redis.call('EXISTS', KEYS[2]) == 0 then missing = tonumber(known[2]) end
return { known[1], tonumber(known[2]), missing, page }
`,
);

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
local publish, process, lease = unpack(ARGV)
local at, found = now(), {}
for index, key in ipairs(KEYS) do
  local topic, fresh, ttl, present = unpack(ARGV, index * 4, index * 4 + 3)
  local known = stand(key, fresh)
  local field, held = 'lease:' .. process, 0
  if present == '1' and redis.call('HEXISTS', key, field) == 1 then
    held = 1
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
local fresh, topic, publish, process, lease, ttl, isOver = unpack(ARGV)
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
if tonumber(limit) > 0 then
  for _, id in ipairs(redis.call('ZRANGE', KEYS[3], 0, limit - 1)) do
    local member = redis.call('HGET', KEYS[2], id)
    if member then found[#found + 1] = string.match(member, '^[^\\n]*\\n(.*)$') end
  end
end
return found
`,
);

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
local process, lease = unpack(ARGV)
local at = now()
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

function script(name: string, source: string): Script {
  return { name, source, sha: createHash("sha1").update(source).digest("hex") };
}
