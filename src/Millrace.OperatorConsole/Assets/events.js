// What happens to orders, as the server tells it once a second. In a hidden tab, or with refresh off, nothing is asked for.
'use strict';
(() => {
  const most = 200;
  const tail = document.getElementById('tail');
  let after = tail.dataset.after;
  let stream = null;

  function cell(row, content, isNumber) {
    const place = row.insertCell();
    if (isNumber) place.className = 'number';
    place.append(content);
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

  function show(told) {
    window.millrace.fresh('events', 5);
    document.getElementById('part').hidden = !told.is_part;
    if (told.events.length === 0) return;
    tail.prepend(...told.events.map(row).reverse());
    while (tail.rows.length > most) tail.deleteRow(-1);
    window.millrace.showTimes();
  }

  function follow() {
    if (window.millrace.isWatched() === (stream !== null)) return;
    if (stream) {
      stream.close();
      stream = null;
      return;
    }
    const asked = new URLSearchParams({ ...(after && { after }), ...(tail.dataset.type && { type: tail.dataset.type }) });
    // What happens while nobody looks is not told later.
    after = null;
    stream = new EventSource('/_live/events?' + asked);
    stream.onmessage = event => show(JSON.parse(event.data));
    stream.onerror = () => { stream?.close(); stream = null; };
  }

  window.millrace.fresh('events', 5);
  setInterval(follow, 2000);
  follow();
  document.addEventListener('visibilitychange', follow);
  addEventListener('millrace-toggled', follow);
})();
