// What happens to orders, as the server tells it once a second. In a hidden tab, or with refresh off, nothing is asked for.
'use strict';
(() => {
  const most = 200;
  const tail = document.getElementById('tail');
  let after = tail.dataset.after;
  let stream = null;
  let isGap = false;

  function cell(row, content, isNumber) {
    const place = row.insertCell();
    if (isNumber) place.className = 'number';
    place.append(content);
    return place;
  }

  function row(told) {
    const line = document.createElement('tr');
    const time = document.createElement('time');
    time.dateTime = told.at;
    const order = document.createElement('a');
    order.href = '/orders/' + encodeURIComponent(told.order);
    order.textContent = told.order;
    cell(line, time);
    cell(line, told.type);
    cell(line, order);
    cell(line, told.version, true);
    cell(line, told.by);
    return line;
  }

  // Where the list has left something out.
  function gap() {
    if (tail.rows.length === 0 || tail.rows[0].className === 'gap') return;
    const line = document.createElement('tr');
    line.className = 'gap';
    cell(line, 'What happened here is not shown.').colSpan = 5;
    tail.prepend(line);
  }

  function show(told) {
    window.millrace.fresh('events', 5);
    if (isGap) gap();
    isGap = false;
    tail.prepend(...told.events.map(row).reverse());
    if (told.is_part) gap();
    while (tail.rows.length > most) tail.deleteRow(-1);
    window.millrace.showTimes();
  }

  // The node is away, or the session has ended: then the page itself leads to where one signs in.
  async function ended() {
    stream?.close();
    stream = null;
    try {
      const answer = await fetch(location.href, { credentials: 'same-origin' });
      if (answer.redirected && new URL(answer.url).pathname === '/sign-in') location.href = answer.url;
    } catch { /* The badge says how old this is, and the next look tries again. */ }
  }

  function follow() {
    const isWatched = window.millrace.isWatched();
    // What happens while nobody looks is not told later.
    if (!isWatched) after = null;
    if (isWatched === (stream !== null)) return;
    if (stream) {
      stream.close();
      stream = null;
      return;
    }
    const asked = new URLSearchParams({ ...(after && { after }), ...(tail.dataset.type && { type: tail.dataset.type }) });
    isGap = !after;
    after = null;
    stream = new EventSource('/_live/events?' + asked);
    stream.onmessage = event => show(JSON.parse(event.data));
    stream.onerror = ended;
  }

  window.millrace.fresh('events', 5);
  setInterval(follow, 2000);
  follow();
  document.addEventListener('visibilitychange', follow);
  addEventListener('millrace-toggled', follow);
})();
