// Draws the tree on the canvas, and its legend.

const view = { selected: 0, over: -1, colour: 'status', hits: null };

const WORDS = {
  proof: 'on the proof', expanded: 'led on', waiting: 'not tried yet', stuck: 'no step worked', closed: 'no goals left',
  rejected: 'check rejected it', refuted: 'found false',
};
const LOOK_INK = { proof: 'good', expanded: 'expanded', waiting: 'waiting', stuck: 'stuck', closed: 'closed', rejected: 'rejected', refuted: 'refuted' };

const known = (column) => column.filter((value) => value !== null && value !== undefined);
const rewardOf = nodes.parent.map((_, node) => (via[node] < 0 ? null : steps.reward[via[node]]));

function scale(column) {
  const values = known(column);
  const low = least(values), high = most(values);
  return { column, low, high, share: (value) => (high > low ? (value - low) / (high - low) : 0.5) };
}

// What the states can be coloured by; a scale with nothing to show says so.
const COLOURS = {
  status: { label: 'status' },
  proposer: { label: 'proposer' },
  value: { label: 'value', ...scale(nodes.value) },
  reward: { label: 'reward', ...scale(rewardOf) },
  cost: { label: 'cost of the path', ...scale(nodes.cost) },
  size: { label: 'size', ...scale(nodes.size) },
  when: { label: 'time reached', ...scale(nodes.when) },
};
const usable = (name) => {
  const { column, low, high } = COLOURS[name];
  return !column || (known(column).length > 0 && (name === 'value' || high > low));
};

const proposerInk = (place) => (place < 8 ? `c${place}` : 'quiet');

function colourOf(node) {
  const kind = COLOURS[view.colour];
  if (view.colour === 'status') return ink(LOOK_INK[lookOf(node)]);
  if (view.colour === 'proposer') return via[node] < 0 ? ink('text') : ink(proposerInk(steps.proposer[via[node]]));
  const value = kind.column[node];
  return value === null ? ink('edge') : shade(kind.share(value));
}

// Edges in the tree's own coordinates, made once: only the zoom changes. A line leaves its parent in the parent's row
// and turns down just before the children's column, where nothing else stands.
const treeEdges = new Path2D(), proofEdges = new Path2D();
function line(path, from, to) {
  const trunk = px[from] + COLUMN - 16;
  path.moveTo(px[from], py[from]);
  path.lineTo(trunk, py[from]);
  if (py[from] !== py[to]) {
    path.lineTo(trunk, py[to] - 7);
    path.quadraticCurveTo(trunk, py[to], trunk + 7, py[to]);
  }
  path.lineTo(px[to], py[to]);
}
function curve(path, from, to) {
  const bend = Math.max(40, Math.abs(px[to] - px[from]) * 0.5);
  path.moveTo(px[from], py[from]);
  path.bezierCurveTo(px[from] + bend, py[from], px[to] - bend, py[to], px[to], py[to]);
}
for (let node = 1; node < count; node += 1) {
  const parent = nodes.parent[node];
  // In a block of leaves only the first of a row has a line: the others stand beside it.
  if (px[node] - px[parent] <= COLUMN * 1.01) line(treeEdges, parent, node);
}
for (const step of data.proof) line(proofEdges, steps.node[step], steps.child[step]);

// Other ways into the selected state (merged) and its own, drawn only for it: all of them would hide the tree.
function otherEdges(node) {
  const path = new Path2D();
  for (const step of into[node]) if (steps.node[step] !== nodes.parent[node]) curve(path, steps.node[step], node);
  for (const step of tried[node]) {
    const child = steps.child[step];
    if (child >= 0 && nodes.parent[child] !== node) curve(path, node, child);
  }
  return path;
}

function ancestors(node) {
  const path = new Path2D();
  for (let at = node; nodes.parent[at] >= 0; at = nodes.parent[at]) line(path, nodes.parent[at], at);
  return path;
}

function mark(x, y, radius, look) {
  if (look === 'closed') brush.rect(x - radius, y - radius, 2 * radius, 2 * radius);
  else if (look === 'rejected' || look === 'refuted') {
    brush.moveTo(x, y - radius * 1.3); brush.lineTo(x + radius * 1.2, y + radius); brush.lineTo(x - radius * 1.2, y + radius);
    brush.closePath();
  } else { brush.moveTo(x + radius, y); brush.arc(x, y, radius, 0, 7); }
}

// The path is moved to the screen before it is stroked: the zoom must not widen its line.
function stroke(path, colour, width, dash = []) {
  const [sx, sy] = [across(), camera.zoom];
  const moved = new Path2D();
  moved.addPath(path, new DOMMatrix([sx, 0, 0, sy, -camera.x * sx, -camera.y * sy]));
  brush.strokeStyle = colour;
  brush.lineWidth = width;
  brush.setLineDash(dash);
  brush.stroke(moved);
  brush.setLineDash([]);
}

function draw() {
  const ratio = window.devicePixelRatio || 1;
  const { zoom, width, height } = camera;
  brush.setTransform(ratio, 0, 0, ratio, 0, 0);
  brush.clearRect(0, 0, width, height);
  stroke(treeEdges, ink('edge'), zoom < 0.25 ? 0.6 : 1);
  stroke(ancestors(view.selected), ink('accent'), 1.5);
  stroke(otherEdges(view.selected), ink('accent'), 1, [5, 4]);
  stroke(proofEdges, ink('good'), 2.5);
  const radius = Math.min(7, Math.max(1.3, 5.5 * zoom));
  const groups = new Map();
  const seen = [];
  for (let node = 0; node < count; node += 1) {
    const [x, y] = toScreen(node);
    if (x < -200 || y < -20 || x > width + 20 || y > height + 20) continue;
    seen.push(node);
    const faint = view.hits !== null && !view.hits.has(node);
    const key = `${faint ? 1 : 0} ${colourOf(node)}`;
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push([x, y, node]);
  }
  for (const [key, group] of groups) {
    brush.globalAlpha = key[0] === '1' ? 0.18 : 1;
    brush.fillStyle = brush.strokeStyle = key.slice(2);
    const solid = [], hollow = [];
    for (const entry of group) (lookOf(entry[2]) === 'waiting' && radius > 2.5 ? hollow : solid).push(entry);
    brush.beginPath();
    for (const [x, y, node] of solid) mark(x, y, onProof.has(node) ? radius * 1.3 : radius, lookOf(node));
    brush.fill();
    brush.beginPath();
    for (const [x, y, node] of hollow) mark(x, y, radius - 0.7, lookOf(node));
    brush.lineWidth = 1.5;
    brush.stroke();
  }
  brush.globalAlpha = 1;
  ring(view.selected, radius + 4, 2.5);
  if (view.over >= 0 && view.over !== view.selected) ring(view.over, radius + 3, 1.2);
  if (zoom > 0.55) labels(seen, radius);
}

function ring(node, radius, width) {
  const [x, y] = toScreen(node);
  brush.beginPath();
  brush.arc(x, y, radius, 0, 7);
  brush.lineWidth = width;
  brush.strokeStyle = ink('accent');
  brush.stroke();
}

// Leaves of a block stand close: they have no room for a label.
const inBlock = nodes.parent.map((parent, node) => {
  if (children[node].length || parent < 0) return false;
  const below = children[parent];
  return below.some((other) => other !== node && nodes.y[other] === nodes.y[node]);
});

function labels(seen, radius) {
  const size = Math.min(13, Math.max(9, 11.5 * camera.zoom));
  brush.font = `${size}px ui-monospace, "DejaVu Sans Mono", monospace`;
  brush.textBaseline = 'middle';
  const letters = Math.floor(((COLUMN - 20) * across() - radius - 6) / (size * 0.605));
  for (const node of seen) {
    if (via[node] < 0 || (inBlock[node] && node !== view.selected)) continue;
    if (view.hits !== null && !view.hits.has(node) && node !== view.selected) continue;
    const [x, y] = toScreen(node);
    const text = oneLine(actionOf(via[node]), letters);
    // Where a line goes on to the right the label stands on it, on a patch of the page's colour.
    if (children[node].length || node === view.selected) {
      brush.fillStyle = ink('page');
      brush.fillRect(x + radius + 3, y - size * 0.6, text.length * size * 0.605 + 4, size * 1.2);
    }
    brush.fillStyle = node === view.selected ? ink('accent') : onProof.has(node) ? ink('good') : ink('text');
    brush.fillText(text, x + radius + 5, y);
  }
}

// ---------------------------------------------------------------------------------- legend

function swatch(colour, look = '') {
  const shape = look === 'closed' ? makeSvg('rect', { x: 2, y: 2, width: 8, height: 8 })
    : look === 'rejected' || look === 'refuted' ? makeSvg('path', { d: 'M6 1 L11 10 H1 Z' })
      : makeSvg('circle', { cx: 6, cy: 6, r: look === 'waiting' ? 3.7 : 4.5 });
  shape.setAttribute(look === 'waiting' ? 'stroke' : 'fill', colour);
  if (look === 'waiting') { shape.setAttribute('fill', 'none'); shape.setAttribute('stroke-width', '1.6'); }
  return makeSvg('svg', { viewBox: '0 0 12 12', 'aria-hidden': 'true' }, shape);
}

function legend() {
  const list = byId('legend');
  const kind = COLOURS[view.colour];
  if (view.colour === 'status') {
    const counts = looks.map((_, place) => nodes.look.filter((look) => look === place).length);
    list.replaceChildren(...looks.flatMap((look, place) => (counts[place]
      ? [make('li', {}, swatch(ink(LOOK_INK[look]), look), `${WORDS[look]} ${counts[place].toLocaleString('en')}`)] : [])));
  } else if (view.colour === 'proposer') {
    const counts = new Map();
    via.forEach((step) => { if (step >= 0) counts.set(steps.proposer[step], (counts.get(steps.proposer[step]) || 0) + 1); });
    list.replaceChildren(...[...counts].sort((a, b) => b[1] - a[1]).map(([place, many]) =>
      make('li', {}, swatch(ink(proposerInk(place))), `${proposers[place]} ${many.toLocaleString('en')}`)));
  } else {
    const stops = [0, 0.25, 0.5, 0.75, 1];
    list.replaceChildren(make('li', {}, `${kind.label}: ${number(kind.low)}`),
      ...stops.map((stop) => make('li', {}, swatch(shade(stop)))), make('li', {}, number(kind.high)));
  }
}
