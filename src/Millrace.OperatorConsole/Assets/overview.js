// The charts of a node: its past once, then a point a second. In a hidden tab nothing is asked for.
'use strict';
(() => {
  const colors = { blue: '#0b78d0', green: '#0a9a5f', red: '#d04437', amber: '#c98a00' };
  const ms = name => [p => p[name]?.p50, p => p[name]?.p95, p => p[name]?.p99];
  const charts = [
    { id: 'rates', names: ['placed', 'confirmed', 'turned away'], colors: [colors.blue, colors.green, colors.red], of: [p => p.placed, p => p.confirmed, p => p.unavailable] },
    { id: 'accept', names: ['p50', 'p95', 'p99'], colors: [colors.green, colors.amber, colors.red], of: ms('accept_ms') },
    { id: 'settle', names: ['p50', 'p95', 'p99'], colors: [colors.green, colors.amber, colors.red], of: ms('settle_ms') },
    { id: 'backlog', names: ['on their way', 'oldest, s'], colors: [colors.blue, colors.red], of: [p => p.unfinished, p => p.oldest_s] },
  ].filter(chart => document.getElementById(chart.id));
  const style = getComputedStyle(document.documentElement);
  const axis = { stroke: style.getPropertyValue('--dim'), grid: { stroke: style.getPropertyValue('--line'), width: 1 }, size: 46, ticks: { show: false } };
  const two = part => String(part).padStart(2, '0');
  const clock = seconds => {
    const at = new Date(seconds * 1000);
    const [h, m, s] = window.millrace.isOn('utc') ? [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()] : [at.getHours(), at.getMinutes(), at.getSeconds()];
    return range.seconds <= 60 ? `${two(h)}:${two(m)}:${two(s)}` : `${two(h)}:${two(m)}`;
  };
  let points = [];
  let range = { seconds: 60, step: 1 };
  let stream = null;

  for (const chart of charts) {
    const place = document.getElementById(chart.id);
    chart.plot = new uPlot({
      width: place.clientWidth, height: 180, legend: { live: false }, cursor: { drag: { x: false, y: false } },
      // The whole window, also where the node is younger than it.
      scales: { x: { range: (_, low, high) => [high - range.seconds, high] }, y: { range: (_, low, high) => [0, Math.max(high * 1.1, 1)] } },
      axes: [{ ...axis, size: 30, space: 90, values: (_, at) => at.map(clock) }, axis],
      series: [{}, ...chart.names.map((label, i) => ({ label, stroke: chart.colors[i], width: 2, spanGaps: false, points: { show: false } }))],
    }, [[], ...chart.names.map(() => [])], place);
    new ResizeObserver(() => chart.plot.setSize({ width: place.clientWidth, height: 180 })).observe(place);
  }

  function draw() {
    const at = points.map(p => Date.parse(p.at) / 1000);
    for (const chart of charts) chart.plot.setData([at, ...chart.of.map(value => points.map(p => value(p) ?? null))]);
  }

  function number(value, small) {
    return value === null || value === undefined ? '–' : value < 10 ? String(Math.round(value * small) / small) : Math.round(value).toLocaleString('en');
  }

  function count(value) {
    return value.toLocaleString('en');
  }

  function write(id, text) {
    const place = document.getElementById(id);
    if (place && place.textContent !== text) place.textContent = text;
  }

  function show(p) {
    const tiles = {
      placed: number(p.placed, 10), confirmed: number(p.confirmed, 10), ended: number(p.ended, 10), unavailable: number(p.unavailable, 10),
      accept_p99: number(p.accept_ms?.p99, 100), settle_p99: number(p.settle_ms?.p99, 100), unfinished: String(p.unfinished), oldest_s: number(p.oldest_s, 10),
      payments: number(p.payments, 10), commits: number(p.commits, 10), commit_p99: number(p.commit_ms?.p99, 100), inside: count(p.inside),
      budget: p.accept_budget_left === null ? '–' : String(Math.round(p.accept_budget_left * 1000) / 10), waiting: count(p.waiting), lane_waiting: count(p.lane_waiting),
      waiting_oldest: number(p.waiting_oldest_s, 1000), lane_waiting_oldest: number(p.lane_waiting_oldest_s, 1000),
      payments_inside: count(p.payments_inside), stage_unfinished: count(p.unfinished), stage_oldest: number(p.oldest_s, 10),
    };
    for (const [name, text] of Object.entries(tiles)) write('tile-' + name, text);
    for (const { stage, waiting, oldest_s } of p.stages) {
      write(`stage-${stage}-waiting`, count(waiting));
      write(`stage-${stage}-oldest`, number(oldest_s, 10));
    }
    // The same words as OverviewPage.razor has.
    const alarms = [
      p.breaker_open && 'The payment provider is not asked: its breaker is open.',
      p.unserved > 0 && `${p.unserved} partitions are served by no node.`,
      p.oldest_s > 60 && `An order has stood still for ${Math.round(p.oldest_s).toLocaleString('en')} s.`,
    ].filter(Boolean).join(' ');
    const place = document.getElementById('alarms');
    if (place.textContent.trim() !== alarms) {
      place.textContent = alarms;
      place.classList.toggle('alarm', alarms !== '');
    }
  }

  async function past() {
    const answer = await fetch(`/_live/overview?window=${range.seconds}`, { credentials: 'same-origin' });
    if (!answer.ok) throw new Error(`${answer.status}`);
    points = (await answer.json()).data;
    draw();
  }

  let pending = [];
  function add(point) {
    window.millrace.fresh('charts', 3);
    show(point);
    pending.push(point);
    if (pending.length < range.step) return;
    points.push(pending.at(-1));
    pending = [];
    points = points.slice(-Math.ceil(range.seconds / range.step));
    draw();
  }

  // One connection while somebody looks, none else; after a broken one, the past anew.
  async function watch() {
    if (!window.millrace.isWatched()) {
      stream?.close();
      stream = null;
      return;
    }
    if (stream && stream.readyState !== EventSource.CLOSED) return;
    stream?.close();
    stream = null;
    try { await past(); } catch { return; }
    stream = new EventSource('/_live/overview/stream');
    stream.onmessage = event => add(JSON.parse(event.data));
    stream.onerror = () => { stream?.close(); stream = null; };
  }

  for (const button of document.querySelectorAll('[data-seconds]')) {
    button.addEventListener('click', () => {
      range = { seconds: +button.dataset.seconds, step: +button.dataset.step };
      pending = [];
      for (const other of document.querySelectorAll('[data-seconds]')) other.setAttribute('aria-pressed', other === button);
      past().catch(() => { /* The next look tries again. */ });
    });
  }
  document.addEventListener('visibilitychange', watch);
  addEventListener('millrace-toggled', () => { watch(); draw(); });
  // What the server wrote is of now.
  window.millrace.fresh('charts', 3);
  setInterval(watch, 2000);
  watch();
})();
