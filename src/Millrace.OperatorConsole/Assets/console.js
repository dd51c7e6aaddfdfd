// What every page does: times in the reader's zone, lists that keep themselves fresh, and copying.
'use strict';
(() => {
  const every = 5000;
  const kept = name => localStorage.getItem('millrace.' + name);
  const keep = (name, value) => localStorage.setItem('millrace.' + name, value);
  const isOn = name => kept(name) === null ? name === 'refresh' : kept(name) === 'true';

  function showTimes() {
    for (const time of document.querySelectorAll('time[datetime]')) {
      const at = new Date(time.dateTime);
      time.title = time.dateTime;
      time.textContent = isOn('utc') ? at.toISOString().replace('T', ' ').slice(0, 19) + ' UTC' : at.toLocaleString(undefined, { hour12: false });
    }
  }

  function showFreshness(at) {
    const badge = document.getElementById('freshness');
    if (!badge) return;
    const late = at ? Math.round((Date.now() - at) / 1000) : 0;
    const isStale = late > 10;
    badge.classList.toggle('stale', isStale);
    const words = !at ? '' : !isOn('refresh') ? 'refresh is off' : isStale ? `${late} s old` : 'live';
    if (badge.textContent !== words) badge.textContent = words;
  }

  let freshAt = null;
  window.millrace = { isOn, isWatched: () => isOn('refresh') && !document.hidden, fresh: () => { freshAt = Date.now(); } };

  // The same page once more, and out of it the parts that live.
  async function refresh() {
    const parts = document.querySelectorAll('[data-live]');
    if (parts.length === 0 || !window.millrace.isWatched()) return;
    try {
      const answer = await fetch(location.href, { credentials: 'same-origin' });
      if (answer.redirected && new URL(answer.url).pathname === '/sign-in') { location.href = answer.url; return; }
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      for (const part of parts) {
        const next = page.getElementById(part.id);
        // Not under the hands of whoever types or selects in it.
        if (next && !part.contains(document.activeElement) && !part.contains(getSelection().anchorNode ?? null) && next.innerHTML !== part.innerHTML) part.innerHTML = next.innerHTML;
        else if (next && next.innerHTML === part.innerHTML) continue;
      }
      window.millrace.fresh();
      showTimes();
    } catch { /* The node is away: the badge says how old this is. */ }
  }

  document.addEventListener('click', event => {
    const button = event.target.closest('button');
    if (!button) return;
    if (button.dataset.copy) {
      navigator.clipboard.writeText(button.dataset.copy).then(() => { button.textContent = '✓'; setTimeout(() => { button.textContent = '⧉'; }, 1200); });
    } else if (button.dataset.toggle) {
      keep(button.dataset.toggle, !isOn(button.dataset.toggle));
      showToggles();
      showTimes();
    }
  });

  document.addEventListener('input', event => {
    if (event.target.dataset.shows) document.getElementById(event.target.dataset.shows).textContent = event.target.value;
  });

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
  if (document.querySelector('[data-live]')) window.millrace.fresh();
  setInterval(refresh, every);
  setInterval(() => showFreshness(freshAt), 1000);
})();
