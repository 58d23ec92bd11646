// What the reader does: select, move along the tree, search, zoom, change colours and theme.

const panels = { state: statePanel, proof: proofPanel, run: runPanel };
let shownTab = '';

function openTab(name) {
  shownTab = name;
  for (const tab of Object.keys(panels)) {
    const chosen = tab === name;
    byId(`tab-${tab}`).setAttribute('aria-selected', String(chosen));
    byId(`tab-${tab}`).tabIndex = chosen ? 0 : -1;
    byId(`panel-${tab}`).hidden = !chosen;
  }
  fill(name);
}

function fill(name) {
  const panel = byId(`panel-${name}`);
  const shows = name === 'state' ? String(view.selected) : 'all';
  if (panel.dataset.shows === shows) return;
  panel.dataset.shows = shows;
  panel.replaceChildren(...panels[name]());
  panel.scrollTop = 0;
}

function select(node, { reveal = true, closer = true } = {}) {
  view.selected = node;
  openTab('state');
  markTime();
  if (reveal) show(node, closer);
  redraw();
  byId('announce').textContent =
    `State ${node}, ${WORDS[lookOf(node)]}, depth ${nodes.depth[node]}, ${plural(children[node].length, 'child state')}. ${target(node)}`;
}

// ---------------------------------------------------------------------------------- keyboard

// A sibling; past the last one the next state of the same column, so that one key walks all of it.
function beside(node, by) {
  const row = byDepth[treeDepth[node]];
  const place = row.indexOf(node) + by;
  return place >= 0 && place < row.length ? row[place] : node;
}

function alongProof(node) {
  const place = proofNodes.indexOf(node);
  if (!proofNodes.length) return node;
  return place < 0 ? proofNodes[0] : proofNodes[(place + 1) % proofNodes.length];
}

const MOVES = {
  ArrowLeft: (node) => (nodes.parent[node] < 0 ? node : nodes.parent[node]),
  ArrowRight: (node) => children[node].find((child) => onProof.has(child)) ?? children[node][0] ?? node,
  ArrowUp: (node) => beside(node, -1),
  ArrowDown: (node) => beside(node, 1),
  Home: () => 0,
  p: alongProof,
};

canvas.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const move = MOVES[event.key];
  if (move) select(move(view.selected));
  else if (event.key === 'Enter') byId('panel-state').focus();
  else return;
  event.preventDefault();
});

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.matches('input, select');
  if (event.key === 'Escape') {
    if (event.target === query && query.value) { query.value = ''; search(); } else canvas.focus();
  } else if (typing) return;
  else if (event.key === '/') query.focus();
  else if (event.key === 'f') fit();
  else if (event.key === '+' || event.key === '=') zoomAt(1.3);
  else if (event.key === '-') zoomAt(1 / 1.3);
  else return;
  event.preventDefault();
});

for (const tab of Object.keys(panels)) byId(`tab-${tab}`).addEventListener('click', () => openTab(tab));
byId('tabs').addEventListener('keydown', (event) => {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!by) return;
  const names = Object.keys(panels);
  const name = names[(names.indexOf(shownTab) + by + names.length) % names.length];
  openTab(name);
  byId(`tab-${name}`).focus();
  event.preventDefault();
});

// ---------------------------------------------------------------------------------- search

const query = byId('query');
let found = [];
let haystack = null;  // made when first searched

function search() {
  const words = query.value.trim().toLowerCase();
  if (words) haystack ||= nodes.parent.map((_, node) => `${textOf(node)}\n${via[node] < 0 ? '' : actionOf(via[node])}`.toLowerCase());
  found = words ? haystack.flatMap((text, node) => (text.includes(words) ? [node] : [])) : [];
  view.hits = words ? new Set(found) : null;
  byId('hits').textContent = words ? (found.length ? plural(found.length, 'state') : 'no state') : '';
  redraw();
}

function nextHit(by) {
  if (!found.length) return;
  const here = found.indexOf(view.selected);
  const place = here < 0 ? (by > 0 ? 0 : found.length - 1) : (here + by + found.length) % found.length;
  select(found[place]);
  byId('hits').textContent = `${(place + 1).toLocaleString('en')} of ${plural(found.length, 'state')}`;
}

query.addEventListener('input', search);
query.addEventListener('keydown', (event) => {
  const by = { Enter: event.shiftKey ? -1 : 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by) { nextHit(by); event.preventDefault(); }
});
byId('next').addEventListener('click', () => nextHit(1));
byId('previous').addEventListener('click', () => nextHit(-1));

// ---------------------------------------------------------------------------------- mouse and touch

const pointers = new Map();
let moved = 0;
const place = (event) => {
  const box = canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
};

canvas.addEventListener('pointerdown', (event) => {
  canvas.setPointerCapture(event.pointerId);
  pointers.set(event.pointerId, place(event));
  moved = pointers.size > 1 ? 99 : 0;
});

canvas.addEventListener('pointermove', (event) => {
  const [x, y] = place(event);
  const before = pointers.get(event.pointerId);
  if (!before) { hover(x, y); return; }
  const others = [...pointers].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
  pointers.set(event.pointerId, [x, y]);
  moved += Math.abs(x - before[0]) + Math.abs(y - before[1]);
  if (others.length) {
    const [ox, oy] = others[0];
    const apart = Math.hypot(before[0] - ox, before[1] - oy);
    if (apart > 10) zoomAt(Math.hypot(x - ox, y - oy) / apart, (x + ox) / 2, (y + oy) / 2);
  } else if (moved > 4) {
    canvas.classList.add('dragging');
    byId('tip').hidden = true;
    camera.x -= (x - before[0]) / camera.zoom;
    camera.y -= (y - before[1]) / camera.zoom;
    redraw();
  }
});

function release(event) {
  const [x, y] = place(event);
  pointers.delete(event.pointerId);
  canvas.classList.remove('dragging');
  if (event.type !== 'pointerup' || moved > 4) return;
  const node = at(x, y);
  if (node >= 0) select(node, { closer: false });
}
canvas.addEventListener('pointerup', release);
canvas.addEventListener('pointercancel', release);
canvas.addEventListener('pointerleave', () => { view.over = -1; byId('tip').hidden = true; redraw(); });
canvas.addEventListener('wheel', (event) => {
  event.preventDefault();
  const [x, y] = place(event);
  zoomAt(Math.exp(-event.deltaY * (event.deltaMode ? 0.08 : 0.0025)), x, y);
}, { passive: false });

canvas.addEventListener('dblclick', (event) => zoomAt(3, ...place(event)));

function hover(x, y) {
  const node = at(x, y);
  if (node === view.over) return;
  view.over = node;
  canvas.classList.toggle('over', node >= 0);
  const tip = byId('tip');
  tip.hidden = node < 0;
  if (node >= 0) {
    tip.textContent = `${via[node] < 0 ? '' : `${oneLine(actionOf(via[node]), 80)}\n`}${target(node, 160)}`;
    const left = Math.min(x + 14, camera.width - 430);
    tip.style.left = `${Math.max(4, left)}px`;
    tip.style.top = y > camera.height - 110 ? `${y - 60}px` : `${y + 14}px`;
  }
  redraw();
}

// ---------------------------------------------------------------------------------- view

byId('fit').addEventListener('click', fit);
byId('closer').addEventListener('click', () => zoomAt(1.3));
byId('farther').addEventListener('click', () => zoomAt(1 / 1.3));

const colour = byId('colour');
for (const [name, kind] of Object.entries(COLOURS)) {
  colour.append(make('option', { value: name, disabled: !usable(name) }, usable(name) ? kind.label : `${kind.label} (none)`));
}
colour.addEventListener('change', () => { view.colour = colour.value; legend(); redraw(); });

const THEMES = { system: 'light dark', light: 'light', dark: 'dark' };
let theme = 'system';
function repaint() {
  inks = new Map();
  legend();
  timeline();
  for (const tab of Object.keys(panels)) delete byId(`panel-${tab}`).dataset.shows;
  fill(shownTab);
  redraw();
}
byId('theme').addEventListener('click', () => {
  const names = Object.keys(THEMES);
  theme = names[(names.indexOf(theme) + 1) % names.length];
  document.documentElement.style.colorScheme = THEMES[theme];
  byId('theme').textContent = `Theme: ${theme}`;
  repaint();
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', repaint);

byId('name').textContent = about.name || 'Search';
byId('status').textContent = about.status;
byId('status').classList.add(['proved', 'solved'].includes(about.status) ? 'good' : 'quiet');
byId('statement').textContent = about.statement.split(/\s+/).join(' ');
byId('statement').title = about.statement;
byId('counts').textContent = `${plural(count, 'state')} · ${plural(steps.node.length, 'step')} · ${number(about.seconds, 1)} s`;

// First what takes room, then the canvas in the room that is left: nothing jumps.
legend();
timeline();
resize();
fit();
new ResizeObserver(resize).observe(canvas.parentElement);
select(0, { reveal: false });
canvas.focus({ preventScroll: true });

// For scripts and tests: where a state is on the page, and which one is selected.
window.searchReport = {
  count,
  select,
  get selected() { return view.selected; },
  positionOf(node) {
    const box = canvas.getBoundingClientRect();
    const [x, y] = toScreen(node);
    return [x + box.left, y + box.top];
  },
};
