// What every page does: times in the reader's zone, lists that keep themselves fresh, and copying.
'use strict';
(() => {
  const every = 5000;
  const kept = name => localStorage.getItem('millrace.' + name);
  const keep = (name, value) => localStorage.setItem('millrace.' + name, value);
  const isOn = name => kept(name) === null ? name === 'refresh' : kept(name) === 'true';

  // One way to write a time, whatever the browser speaks: 2026-03-01 14:05:09, in the reader's zone or in UTC.
  const local = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium' });
  const utc = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium', timeZone: 'UTC' });

  function showTimes() {
    for (const time of document.querySelectorAll('time[datetime]')) {
      const at = new Date(time.dateTime);
      time.title = time.dateTime;
      time.textContent = isOn('utc') ? utc.format(at) + ' UTC' : local.format(at);
    }
  }

  // What of the page lives, when each was shown last, and after how many seconds without more it is old.
  const lives = new Map();

  function showFreshness() {
    const badge = document.getElementById('freshness');
    if (!badge) return;
    let late = 0;
    for (const { at, limit } of lives.values()) {
      const age = Math.round((Date.now() - at) / 1000);
      if (age > limit) late = Math.max(late, age);
    }
    badge.classList.toggle('stale', late > 0);
    const words = lives.size === 0 ? '' : !isOn('refresh') ? 'refresh is off' : late > 0 ? `${late} s old` : 'live';
    if (badge.textContent !== words) badge.textContent = words;
  }

  window.millrace = {
    isOn,
    showTimes,
    isWatched: () => isOn('refresh') && !document.hidden,
    fresh: (what, seconds) => { lives.set(what, { at: Date.now(), limit: seconds }); showFreshness(); },
  };

  // What the server last said of each part: the page itself differs from it, in the times that the script writes.
  const last = new Map();

  // Not under the hands of whoever types, marks or selects in it.
  const isInUse = part => {
    const selection = getSelection();
    return part.querySelector('input:checked') || part.contains(document.activeElement) || (!selection.isCollapsed && part.contains(selection.anchorNode));
  };

  // The same page once more, and out of it the parts that live.
  async function refresh() {
    const parts = document.querySelectorAll('[data-live]');
    if (parts.length === 0 || !window.millrace.isWatched()) return;
    try {
      const answer = await fetch(location.href, { credentials: 'same-origin', signal: AbortSignal.timeout(every) });
      if (answer.redirected && new URL(answer.url).pathname === '/sign-in') { location.href = answer.url; return; }
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      let isWhole = true;
      for (const part of parts) {
        const next = page.getElementById(part.id)?.innerHTML;
        if (next === undefined || next === last.get(part.id)) continue;
        if (isInUse(part)) { isWhole = false; continue; }
        last.set(part.id, next);
        part.innerHTML = next;
      }
      if (isWhole) window.millrace.fresh('page', 3 * every / 1000);
      showTimes();
    } catch { /* The node is away: the badge says how old this is. */ }
  }

  // Over plain HTTP off loopback a browser has no clipboard for pages: then the text is selected, for the reader to copy.
  async function copy(button) {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = 'copied';
      setTimeout(() => { button.textContent = 'copy'; }, 1200);
    } catch { getSelection().selectAllChildren(button.previousElementSibling); }
  }

  document.addEventListener('click', event => {
    const button = event.target.closest('button');
    if (!button) return;
    if (button.dataset.copy) {
      copy(button);
    } else if (button.dataset.toggle) {
      keep(button.dataset.toggle, !isOn(button.dataset.toggle));
      showToggles();
      showTimes();
      showFreshness();
      dispatchEvent(new Event('millrace-toggled'));
    }
  });

  document.addEventListener('input', event => {
    if (event.target.dataset.shows) document.getElementById(event.target.dataset.shows).textContent = event.target.value;
  });

  document.addEventListener('change', event => { if (event.target.dataset.submits) event.target.form.requestSubmit(); });

  // "/" goes to the search field, as in many lists.
  document.addEventListener('keydown', event => {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) return;
    const field = document.querySelector('[data-focus="/"]');
    if (field) { field.focus(); event.preventDefault(); }
  });

  function showToggles() {
    for (const button of document.querySelectorAll('[data-toggle]')) button.setAttribute('aria-pressed', isOn(button.dataset.toggle));
  }

  showToggles();
  showTimes();
  if (document.querySelector('[data-live]')) window.millrace.fresh('page', 3 * every / 1000);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) refresh(); });
  // What a form just asked for is often done a moment later.
  setTimeout(refresh, 1000);
  setInterval(refresh, every);
  setInterval(showFreshness, 1000);
})();
