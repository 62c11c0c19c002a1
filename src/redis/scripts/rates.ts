import { NOW, type Script, script } from "./script.js";

/**
 * The book of a rate: who has which part of `count` tokens, each the right to pass one message a window.
 *
 * It is a hash. `s:<process>` is a share: `<tokens> <until when, by Redis's clock> <number of what was said last>`.
 * `c:<ms>` says how many are nobody's and not usable before then. All others are free, so where there is no book all are.
 */
const BOOK = `
local function cool(book, usableMs, tokens)
  -- Of the time that it is now the part of a millisecond is left out.
  usableMs = math.ceil((usableMs + 1) / book.gridMs) * book.gridMs
  if tokens <= 0 or usableMs <= book.at then return end
  book.cooling[usableMs] = (book.cooling[usableMs] or 0) + tokens
  book.cooled = book.cooled + tokens
  book.changed[usableMs] = true
end
local function read(key, at, windowMs, gridMs)
  local book = { at = at, gridMs = gridMs, shares = {}, held = 0, cooling = {}, cooled = 0, changed = {} }
  local fields, over = redis.call('HGETALL', key), {}
  for index = 1, #fields, 2 do
    local kind, name = string.match(fields[index], '^(.):(.*)$')
    if kind == 's' then
      local tokens, untilMs, said = string.match(fields[index + 1], '^(%d+) (%d+) (%d+)$')
      local share = { tokens = tonumber(tokens), untilMs = tonumber(untilMs), said = tonumber(said) }
      if share.untilMs <= at then
        redis.call('HDEL', key, fields[index])
        over[#over + 1] = share
      else
        book.shares[name] = share
        book.held = book.held + share.tokens
      end
    elseif tonumber(name) <= at then
      redis.call('HDEL', key, fields[index])
    else
      book.cooling[tonumber(name)] = tonumber(fields[index + 1])
      book.cooled = book.cooled + fields[index + 1]
    end
  end
  -- Whoever had them may have passed messages with them to the end.
  for _, share in ipairs(over) do cool(book, share.untilMs + windowMs, share.tokens) end
  return book
end
local function write(key, book, process, windowMs)
  local share, lastMs = book.shares[process], book.at
  if share.tokens > 0 then
    redis.call('HSET', key, 's:' .. process, string.format('%d %d %d', share.tokens, share.untilMs, share.said))
  else
    redis.call('HDEL', key, 's:' .. process)
  end
  for usableMs in pairs(book.changed) do
    local field, tokens = string.format('c:%d', usableMs), book.cooling[usableMs]
    if tokens then redis.call('HSET', key, field, tokens) else redis.call('HDEL', key, field) end
  end
  for usableMs in pairs(book.cooling) do lastMs = math.max(lastMs, usableMs) end
  for _, each in pairs(book.shares) do lastMs = math.max(lastMs, each.untilMs + windowMs + book.gridMs) end
  redis.call('PEXPIREAT', key, string.format('%d', lastMs))
end
`;

/** The processes part the tokens by how many of the user's connections each has: the parts are just all of them. */
const QUOTAS = `
local function quotasOf(user, at, count)
  local fields, processes, connections, sum = redis.call('HGETALL', user), {}, {}, 0
  for index = 1, #fields, 2 do
    local all, untilMs = string.match(fields[index + 1], '^(%d+) %d+ (%d+)$')
    if tonumber(untilMs) > at then
      processes[#processes + 1] = fields[index]
      connections[fields[index]] = tonumber(all)
      sum = sum + all
    end
  end
  table.sort(processes)
  local quotas, before = {}, 0
  for _, each in ipairs(processes) do
    local upTo = before + connections[each]
    quotas[each] = sum > 0 and math.floor(count * upTo / sum) - math.floor(count * before / sum) or 0
    before = upTo
  end
  return quotas
end
`;

/** What a process says of its share, what it may have then, and who else is to give something back. */
const SHARE = `
-- How many it has after it has returned what it does not want. What it should have and does not say is taken for used just now.
local function settle(book, process, count, windowMs, have, returned)
  local share = book.shares[process] or { tokens = 0 }
  local rest, stated = share.tokens, have
  for index = 2, #returned, 2 do stated = stated + returned[index] end
  -- The book was lost, and this is in the place of what it said; others may have more than their part by now.
  if rest < stated then rest = rest + math.min(stated - rest, math.max(0, count - book.held - book.cooled)) end
  book.held = book.held - share.tokens
  for index = 1, #returned, 2 do
    local tokens = math.min(returned[index + 1], rest)
    rest = rest - tokens
    if returned[index] > 0 then cool(book, book.at + returned[index], tokens) end
  end
  cool(book, book.at + windowMs, rest - have)
  return math.min(rest, have)
end
-- Free ones up to its quota, then those that are free soonest; above its quota half of what nobody has asked for.
local function take(book, count, has, quota)
  local taken, missing = {}, math.max(quota, 1) - has
  local free = math.max(0, count - book.held - book.cooled - has)
  local tokens = missing > 0 and math.min(free, missing) or math.ceil(free / 2)
  if tokens > 0 then taken = { 0, tokens } end
  missing = missing - tokens
  local times = {}
  for usableMs in pairs(book.cooling) do times[#times + 1] = usableMs end
  table.sort(times)
  for _, usableMs in ipairs(times) do
    if missing <= 0 then break end
    local some = math.min(book.cooling[usableMs], missing)
    taken[#taken + 1] = usableMs - book.at
    taken[#taken + 1] = some
    book.cooling[usableMs] = book.cooling[usableMs] > some and book.cooling[usableMs] - some or nil
    book.cooled = book.cooled - some
    book.changed[usableMs] = true
    missing, tokens = missing - some, tokens + some
  end
  return taken, has + tokens
end
-- Who has more than its quota, and how many are left to it; to one that has nothing, and no quota, the richest owes one.
local function debtors(book, process, has, quotas)
  local kept, richest = {}, nil
  if has >= math.max(quotas[process] or 0, 1) then return kept end
  for each, share in pairs(book.shares) do
    if each ~= process then
      local quota = quotas[each] or 0
      if share.tokens > quota then
        kept[#kept + 1] = each
        kept[#kept + 1] = quota
      end
      if not richest or share.tokens > book.shares[richest].tokens then richest = each end
    end
  end
  if #kept == 0 and richest then kept = { richest, book.shares[richest].tokens - 1 } end
  return kept
end
`;

/**
 * What a process has of some rates, all in one slot: it returns some tokens, may want more, and has the rest for another lease.
 *
 * KEYS: for each rate its book, and its user's connections. ARGV: this process, how long its lease is, the number of this,
 * which is higher than of all it has said before; then for each rate its count, its window, the grid of times in it, how many
 * tokens it has, whether it wants more, how many pairs follow, and as pairs what it returns: usable in how many milliseconds,
 * and how many tokens, the latest first.
 * Gives for each rate how many are left of those it has, what it gets (such pairs), and as pairs who is to give back all but
 * how many. For a rate of which it has said something newer, nothing.
 */
export const shareRates: Script = script(
  "shareRates",
  `
${NOW}local at = now()
${BOOK}${QUOTAS}${SHARE}
local process, leaseMs, said = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local numbers, found = {}, {}
for index = 4, #ARGV do numbers[#numbers + 1] = tonumber(ARGV[index]) end
local index = 1
for place = 1, #KEYS, 2 do
  local count, windowMs, gridMs, have, wants, many = unpack(numbers, index, index + 5)
  local returned = {}
  for each = index + 6, index + 5 + many * 2 do returned[#returned + 1] = numbers[each] end
  index = index + 6 + many * 2
  local book = read(KEYS[place], at, windowMs, gridMs)
  local share = book.shares[process]
  if share and share.said >= said then
    found[#found + 1] = {}
  else
    local quotas, taken, kept = quotasOf(KEYS[place + 1], at, count), {}, {}
    local left = settle(book, process, count, windowMs, have, returned)
    local has = left
    if wants == 1 then
      taken, has = take(book, count, left, quotas[process] or 0)
      kept = debtors(book, process, has, quotas)
    end
    book.shares[process] = { tokens = has, untilMs = at + leaseMs, said = said }
    write(KEYS[place], book, process, windowMs)
    found[#found + 1] = { left, taken, kept }
  end
end
return found
`,
);
