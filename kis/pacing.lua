-- The rules of pacing.py for all processes that share a key, in one call that nothing can come between.
--
-- KEYS  1 state: next, share, share_at, throttled_at, throttled_code, number, over:<queue>, who:<process>
--       2 held: the number of each request that counts, scored by until when
--       3 the ledger's pause, shared by all keys of an environment
--       4 used: second % 61 -> the second, and how many slots each queue took in it
-- ARGV  1 command  2 milliseconds of the clock, '' for the server's own  3 limits and rules as JSON
--   ask:  4 process, 5.. how many wait in each of its queues    -> {queue, number, milliseconds} or {-1, '', milliseconds}
--   done: 4 number, 5 code of a refusal for rate or ''          -> {}
local now
if ARGV[2] == '' then
  local time = redis.call('TIME')
  now = time[1] * 1000 + time[2] / 1000
else
  now = tonumber(ARGV[2])
end
local rules = cjson.decode(ARGV[3])
local state, held, ledger, used = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local DAY, MINUTE = 86400000, 60000

-- Nobody is told to come back later than this. What lies further ahead was written by a clock that has gone back
-- since (another server took over): left alone, it would hold everybody up until that moment comes again.
local longest_wait = rules.interval_ms / rules.floor + rules.window_ms + rules.ledger_pause_ms + rules.grace_ms

local function ms(number) return string.format('%.3f', number) end

local function share_now(share, since)
  share, since = tonumber(share or '1'), tonumber(since or '0')
  if share >= 1 then return 1 end
  return math.min(1, share + math.max(0, now - since) / (rules.recovery_s * 1000))
end

local function done(number, code)
  if redis.call('ZSCORE', held, number) then
    redis.call('ZADD', held, ms(now + rules.window_ms), number)
  end
  if code == '' then return {} end
  redis.call('HSET', state, 'throttled_at', ms(now), 'throttled_code', code)
  redis.call('PEXPIRE', state, DAY)
  if code == rules.ledger_code then
    redis.call('SET', ledger, ms(now + rules.ledger_pause_ms), 'PX', math.ceil(rules.ledger_pause_ms))
    return {}
  end
  local share, since = unpack(redis.call('HMGET', state, 'share', 'share_at'))
  if not since or now - tonumber(since) >= rules.settle_ms then
    local left = math.max(rules.floor, share_now(share, since) * rules.decrease)
    redis.call('HSET', state, 'share', string.format('%.6f', left), 'share_at', ms(now))
  end
  return {}
end

local function count(queue, queues)
  local second = math.floor(now / 1000)
  local slot = second % 61
  local counts = {second}
  for at = 1, queues do counts[at + 1] = 0 end
  local at = 1
  local before = redis.call('HGET', used, slot) or ''
  if string.match(before, '^%d+') == tostring(second) then
    for word in string.gmatch(before, '%d+') do counts[at] = tonumber(word); at = at + 1 end
  end
  counts[queue + 2] = counts[queue + 2] + 1
  for n = 1, #counts do counts[n] = string.format('%.0f', counts[n]) end
  redis.call('HSET', used, slot, table.concat(counts, ' '))
  redis.call('PEXPIRE', used, 2 * MINUTE)
end

-- How many wait in each queue, over all processes; those that have not come back in time are forgotten.
local function everybody(facts, process, mine)
  local waiting = {}
  for queue = 1, #mine do waiting[queue] = mine[queue] end
  for name, value in pairs(facts) do
    if string.sub(name, 1, 4) == 'who:' and string.sub(name, 5) ~= process then
      local back = tonumber(string.match(value, '^%S+'))
      if back < now or back > now + longest_wait then
        redis.call('HDEL', state, name)
      else
        local at = 0
        for word in string.gmatch(value, '%S+') do
          if at > 0 then waiting[at] = waiting[at] + tonumber(word) end
          at = at + 1
        end
      end
    end
  end
  return waiting
end

local function ask(process, mine)
  local facts, flat = {}, redis.call('HGETALL', state)
  for at = 1, #flat, 2 do facts[flat[at]] = flat[at + 1] end

  local function remember(back)
    local some = false
    for queue = 1, #mine do some = some or mine[queue] > 0 end
    if some then
      redis.call('HSET', state, 'who:' .. process, ms(back + rules.grace_ms) .. ' ' .. table.concat(mine, ' '))
    else
      redis.call('HDEL', state, 'who:' .. process)
    end
    redis.call('PEXPIRE', state, DAY)
  end
  local function come_back(wait)
    wait = math.max(1, wait)
    remember(now + wait)
    return {'-1', '', ms(wait)}
  end

  local share = share_now(facts['share'], facts['share_at'])
  local interval = rules.interval_ms / share
  local opens = tonumber(facts['next'] or '0')
  if opens > now + longest_wait then
    opens = now
    for _, number in ipairs(redis.call('ZRANGEBYSCORE', held, ms(now + rules.hold_ms + rules.window_ms), '+inf')) do
      redis.call('ZADD', held, ms(now + rules.window_ms), number)
    end
  end
  if now < opens then return come_back(opens - now) end

  redis.call('ZREMRANGEBYSCORE', held, '-inf', ms(now))
  if redis.call('ZCARD', held) >= math.max(1, math.floor(rules.room * share + 0.000001)) then
    local first = tonumber(redis.call('ZRANGE', held, 0, 0, 'WITHSCORES')[2])
    return come_back(math.min(first, now + rules.window_ms) - now)
  end

  local paused_until = tonumber(redis.call('GET', ledger) or '0')
  local function ready(counts, queue)
    return counts[queue] > 0 and not (queue % 2 == 1 and now < paused_until) -- odd, counted from 1: the ledger's
  end
  local anything_of_mine = false
  for queue = 1, #mine do anything_of_mine = anything_of_mine or ready(mine, queue) end
  if not anything_of_mine then return come_back(paused_until - now) end

  local waiting = everybody(facts, process, mine)
  local first, starved
  for queue = 1, #mine do
    if ready(waiting, queue) then
      first = first or queue
      if tonumber(facts['over:' .. queue] or '0') >= rules.patience then starved = starved or queue end
    end
  end
  local chosen = starved or first
  if mine[chosen] == 0 then return come_back(math.min(interval / 4, 20)) end

  for queue = 1, #mine do
    if queue ~= chosen and ready(waiting, queue) then redis.call('HINCRBY', state, 'over:' .. queue, 1) end
  end
  local next_at = (now - opens <= rules.slack_ms and opens or now) + interval
  redis.call('HSET', state, 'next', ms(next_at), 'over:' .. chosen, 0)
  local number = redis.call('HINCRBY', state, 'number', 1)
  redis.call('ZADD', held, ms(now + rules.hold_ms), number)
  redis.call('PEXPIRE', held, MINUTE)
  count(chosen - 1, #mine)
  mine[chosen] = mine[chosen] - 1
  remember(next_at)
  return {tostring(chosen - 1), tostring(number), ms(next_at - now)}
end

if ARGV[1] == 'done' then return done(ARGV[4], ARGV[5]) end
local mine = {}
for at = 5, #ARGV do mine[at - 4] = tonumber(ARGV[at]) end
return ask(ARGV[4], mine)
