-- A mixed workload: objects and closures, string building and patterns, sorting, numbers, tables as records.
local function checksum(sum, value)
  return (sum * 31 + value) & 0x7fffffffffff
end

-- Objects with metatables: a bank of accounts with inheritance.
local Account = {}
Account.__index = Account
function Account.new(balance) return setmetatable({balance = balance, moves = 0}, Account) end
function Account:deposit(v) self.balance = self.balance + v; self.moves = self.moves + 1 end
function Account:fee() return 1 end
function Account:withdraw(v) self.balance = self.balance - v - self:fee(); self.moves = self.moves + 1 end
local Premium = setmetatable({}, {__index = Account})
Premium.__index = Premium
function Premium.new(balance) return setmetatable(Account.new(balance), Premium) end
function Premium:fee() return 0 end

local function objects(n)
  local accounts = {}
  for i = 1, 50 do accounts[i] = (i % 3 == 0 and Premium or Account).new(i * 100) end
  for i = 1, n do
    local a = accounts[i % 50 + 1]
    local b = accounts[(i * 7) % 50 + 1]
    a:withdraw(i % 13)
    b:deposit(i % 11)
  end
  local sum = 0
  for _, a in ipairs(accounts) do sum = checksum(sum, a.balance + a.moves) end
  return sum
end

-- Closures: function composition and a memo table.
local function closures(n)
  local function adder(k) return function(x) return x + k end end
  local function compose(f, g) return function(x) return f(g(x)) end end
  local f = adder(0)
  for i = 1, 12 do f = compose(f, adder(i)) end
  local sum = 0
  for i = 1, n do sum = checksum(sum, f(i)) end
  local memo = {}
  local function collatz(k)
    if k == 1 then return 1 end
    local known = memo[k]
    if known then return known end
    known = 1 + collatz(k % 2 == 0 and k // 2 or 3 * k + 1)
    memo[k] = known
    return known
  end
  for i = 1, n // 4 do sum = checksum(sum, collatz(i)) end
  return sum
end

-- Strings: building, splitting, counting words, substituting, formatting.
local function strings(n)
  local parts = {}
  for i = 1, n do parts[#parts + 1] = string.format("%s-%d:%x", ("key"):rep(i % 3 + 1), i, i * 17) end
  local text = table.concat(parts, " ")
  local counts, sum = {}, 0
  for word in text:gmatch("%a+") do counts[word] = (counts[word] or 0) + 1 end
  sum = checksum(sum, counts.key + 2 * counts.keykey + 3 * counts.keykeykey)
  local replaced, times = text:gsub("(%d+):(%x+)", "%2=%1")
  sum = checksum(sum, #replaced + times)
  for i = 1, #replaced, 7 do sum = checksum(sum, replaced:byte(i)) end
  return checksum(sum, #text:upper():reverse())
end

local function sorting(n, seed)
  local items = {}
  for i = 1, n do
    seed = (seed * 1103515245 + 12345) & 0x7fffffff
    items[i] = {key = seed % 10007, index = i}
  end
  table.sort(items, function(a, b)
    if a.key ~= b.key then return a.key < b.key end
    return a.index < b.index
  end)
  local sum = 0
  for i = 1, n, 17 do sum = checksum(sum, items[i].key + items[i].index) end
  return sum
end

-- Numbers: a small matrix product and the trapezoidal rule.
local function numbers(n)
  local function matrix(f)
    local m = {}
    for i = 1, n do
      local row = {}
      for j = 1, n do row[j] = f(i, j) end
      m[i] = row
    end
    return m
  end
  local a = matrix(function(i, j) return i + j / 2 end)
  local b = matrix(function(i, j) return i - j / 4 end)
  local trace = 0.0
  for i = 1, n do
    for j = 1, n do
      local sum = 0.0
      local row = a[i]
      for k = 1, n do sum = sum + row[k] * b[k][j] end
      if i == j then trace = trace + sum end
    end
  end
  local area, step = 0.0, 1 / 4096
  for x = 0, 4095 do area = area + step * math.sqrt(x * step) end
  return math.floor(trace * 8) + math.floor(area * 1000000)
end

-- The eight queens problem, all solutions for n.
local function queens(n)
  local columns, up, down, found = {}, {}, {}, 0
  local function place(row)
    if row > n then found = found + 1 return end
    for c = 1, n do
      if not columns[c] and not up[row + c] and not down[row - c] then
        columns[c], up[row + c], down[row - c] = true, true, true
        place(row + 1)
        columns[c], up[row + c], down[row - c] = nil, nil, nil
      end
    end
  end
  place(1)
  return found
end

return function(iteration)
  local sum = iteration
  sum = checksum(sum, objects(400000))
  sum = checksum(sum, closures(120000))
  sum = checksum(sum, strings(40000))
  sum = checksum(sum, sorting(50000, iteration + 1))
  sum = checksum(sum, numbers(110))
  sum = checksum(sum, queens(9))
  return sum
end
