import { NOW, type Script, script } from "./script.js";

/**
 * A channel's own key is a hash: `epoch`, `offset` (of its newest event), `missing` (the newest one that is no longer kept,
 * or never was), `master` (which master gave the last offset), `until` (nothing kept is over before), `began` (its first epoch),
 * and `lease:<process>` for each process that somebody is present at.
 *
 * `stand` tells where the stream is. It begins a new epoch where it is not known, and where this is another master than the one
 * that gave the last offset: what that one gave out since this one's copy was made can't be known (a restart from a snapshot, a
 * replica that was promoted, a slot that moved). What is kept goes on being kept, with its offsets.
 */
export const STAND: string = `
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
 * Events that are kept: as many as there is room for, one at least.
 *
 * KEYS: the channel, its events. ARGV: fresh epoch, how long the stream is remembered, the ids between which they are, how many at
 * most, how many bytes may be answered, whether the oldest or the newest of them, and how many bytes of payload are wanted.
 * Gives the epoch, the offset of the newest, the newest that is missing, the events by their ids, and 1 where more are wanted
 * than may be answered.
 */
export const readEvents: Script = script(
  "readEvents",
  `${STAND}${NOW}${FORGET}
local fresh, ttl, from, to, limit, room, which, wanted = unpack(ARGV)
local known = stand(KEYS[1], fresh)
forget(KEYS[1], known, now())
if redis.call('PTTL', KEYS[1]) < tonumber(ttl) then redis.call('PEXPIRE', KEYS[1], ttl) end
local page, bytes, payload, isFull, isCut, some, count = {}, 0, 0, false, 0, {}, 0
while not isFull and #some == count and #page < tonumber(limit) do
  count = math.min(limit - #page, math.max(8, 2 * count))
  if which == 'oldest' then
    some = redis.call('XRANGE', KEYS[2], from, to, 'COUNT', count)
  else
    some = redis.call('XREVRANGE', KEYS[2], to, from, 'COUNT', count)
  end
  for _, entry in ipairs(some) do
    local said = entry[2][2]
    bytes = bytes + #said
    payload = payload + #said - (string.find(said, '\\n', 1, true) or 0)
    if #page > 0 and (bytes > tonumber(room) or payload > tonumber(wanted)) then
      isFull = true
      if payload <= tonumber(wanted) then isCut = 1 end
      break
    end
    page[#page + 1] = entry
    if which == 'oldest' then from = '(' .. entry[1] else to = '(' .. entry[1] end
  end
end
local missing = tonumber(known[3])
if #page == 0 and redis.call('EXISTS', KEYS[2]) == 0 then missing = tonumber(known[2]) end
return { known[1], tonumber(known[2]), missing, page, isCut }
`,
);
