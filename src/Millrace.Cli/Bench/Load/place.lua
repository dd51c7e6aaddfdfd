-- Drives POST /v1/orders, or the no-op with the same bodies: a new key and two random lines in each request.
-- Settings come by environment, so that the API key is not in the list of processes.
local head, tail, hot
local sent = 0
local threads = 0

-- A thread for each node, and the connections divided between them.
function setup(thread)
  local nodes = {}
  for host, port in os.getenv("MILLRACE_BENCH_NODES"):gmatch("([%w%.]+):(%d+)") do nodes[#nodes + 1] = { host, port } end
  threads = threads + 1
  thread.addr = wrk.lookup(nodes[threads][1], nodes[threads][2])[1]
  thread:set("number", threads)
end

function init(args)
  local path = os.getenv("MILLRACE_BENCH_PATH")
  local seed = tonumber(os.getenv("MILLRACE_BENCH_SEED"))
  hot = os.getenv("MILLRACE_BENCH_HOT") == "1"
  math.randomseed(1000 * seed + number)
  head = "POST " .. path .. " HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port
    .. "\r\nAuthorization: Bearer " .. os.getenv("MILLRACE_BENCH_KEY")
    .. "\r\nContent-Type: application/json\r\nIdempotency-Key: " .. os.getenv("MILLRACE_BENCH_TAG") .. "-" .. number .. "-"
  tail = ',"quantity":1}],"payment":{"token":"tok_bench"}}'
end

local function sku()
  if hot then return "sku-00001" end
  return string.format("sku-%05d", math.random(1, 10000))
end

-- The same bytes as BenchBody.cs makes.
function request()
  sent = sent + 1
  local body = '{"customer":{"id":"c-' .. math.random(1, 100000) .. '"},"currency":"EUR","lines":[{"sku":"' .. sku() .. '"'
  if not hot then body = body .. ',"quantity":1},{"sku":"' .. sku() .. '"' end
  body = body .. tail
  return head .. sent .. "\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    "millrace-wrk requests=%d duration_us=%d connect=%d read=%d write=%d status=%d timeout=%d p50_us=%d p99_us=%d p999_us=%d max_us=%d\n",
    summary.requests, summary.duration, e.connect, e.read, e.write, e.status, e.timeout,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9), latency.max))
end
