// Lists what is wrong with the page, a line each, beginning with the rule's name.
() => {
  const wrong = [];
  const isSeen = e => e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length > 0;
  const named = e => (e.getAttribute('aria-label') ?? e.innerText ?? '').trim().length > 0;
  const words = e => e.outerHTML.slice(0, 90).replace(/\s+/g, ' ');

  let level = 0;
  for (const heading of [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].filter(isSeen)) {
    const next = +heading.tagName[1];
    if (next > level + 1) wrong.push('heading skips a level: ' + words(heading));
    level = next;
  }
  if (document.querySelectorAll('h1').length !== 1) wrong.push('heading: not one h1');
  if (!document.documentElement.lang) wrong.push('language of the page is not told');
  if (!document.querySelector('main')) wrong.push('landmark: no main');

  for (const input of [...document.querySelectorAll('input:not([type=hidden]),select,textarea')].filter(isSeen))
    if (![...(input.labels ?? [])].some(named) && !input.getAttribute('aria-label')) wrong.push('input without a label: ' + words(input));
  for (const image of document.querySelectorAll('img'))
    if (!image.hasAttribute('alt')) wrong.push('image without alt: ' + words(image));
  for (const picture of document.querySelectorAll('svg[role=img],[role=img]'))
    if (!picture.getAttribute('aria-label')) wrong.push('image without a name: ' + words(picture));
  for (const button of [...document.querySelectorAll('button,a[href]')].filter(isSeen))
    if (!named(button)) wrong.push('button or link without a name: ' + words(button));
  for (const table of document.querySelectorAll('main table:not(.u-legend)'))
    if (!table.querySelector('th') || [...table.querySelectorAll('thead th')].some(th => !th.innerText.trim())) wrong.push('table without headers: ' + words(table));
  const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  for (const id of ids.filter((each, i) => ids.indexOf(each) !== i)) wrong.push('id twice: ' + id);

  // WCAG's relative luminance, over the nearest background that is not transparent.
  const parse = color => color.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = e => { for (let at = e; at; at = at.parentElement) { const color = parse(getComputedStyle(at).backgroundColor); if (color.length < 4 || color[3] > 0) return color; } return [255, 255, 255]; };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const e = texts.currentNode.parentElement;
    // What is switched off is let off by WCAG 1.4.3; its reason beside it is not.
    if (!texts.currentNode.textContent.trim() || !isSeen(e) || e.closest(':disabled')) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) wrong.push(`contrast ${contrast.toFixed(2)}: ` + words(e));
  }
  return wrong;
}
