// Where on the tree the canvas looks: zoom, pan, and from screen to tree and back. A large search is tall: seen whole
// it still takes the full width, so columns are stretched (`across`) until the zoom catches up.

const COLUMN = 150, ROW = 20;  // pixels at zoom 1
const canvas = byId('tree');
const brush = canvas.getContext('2d');
const camera = { zoom: 1, x: 0, y: 0, width: 0, height: 0 };
const px = nodes.x.map((x) => x * COLUMN);
const py = nodes.y.map((y) => y * ROW);
const extent = { left: least(px), right: most(px), top: least(py), bottom: most(py) };
const LARGEST = 2.5;
let smallest = 0.02;
let widest = 1;
const across = () => Math.max(camera.zoom, widest);
let drawing = 0;

function redraw() {
  if (!drawing) drawing = requestAnimationFrame(() => { drawing = 0; draw(); });
}

function resize() {
  const box = canvas.parentElement.getBoundingClientRect();
  const ratio = window.devicePixelRatio || 1;
  const [dx, dy] = [box.width - camera.width, box.height - camera.height];
  [camera.width, camera.height] = [box.width, box.height];
  canvas.width = Math.round(box.width * ratio);
  canvas.height = Math.round(box.height * ratio);
  smallest = Math.min(fitting(), 0.3);
  widest = Math.min(1, (camera.width - 150) / (extent.right - extent.left + 1));
  if (dx || dy) redraw();
}

function fitting() {
  const room = [camera.width - 110, camera.height - 90];
  const size = [extent.right - extent.left + 110, extent.bottom - extent.top + ROW];
  return Math.max(0.002, Math.min(room[0] / size[0], room[1] / size[1]));
}

function fit() {
  camera.zoom = Math.min(fitting(), 1.3);
  const width = (extent.right - extent.left + 110) * across();
  const height = (extent.bottom - extent.top) * camera.zoom;
  camera.x = extent.left - Math.max(30, (camera.width - width) / 2) / across();
  camera.y = extent.top - Math.max(30, (camera.height - 40 - height) / 2) / camera.zoom;
  redraw();
}

const toScreen = (node) => [(px[node] - camera.x) * across(), (py[node] - camera.y) * camera.zoom];

function zoomAt(factor, x = camera.width / 2, y = camera.height / 2) {
  const zoom = Math.min(LARGEST, Math.max(smallest, camera.zoom * factor));
  const before = across();
  camera.y += y / camera.zoom - y / zoom;
  camera.zoom = zoom;
  camera.x += x / before - x / across();
  redraw();
}

// Brings a state into view; zooms in first where its label could not be read.
function show(node, closer = true) {
  if (closer && camera.zoom < 0.7) camera.zoom = 0.9;
  const [x, y] = toScreen(node);
  const margin = 80;
  if (x < margin || x > camera.width - margin - 80) camera.x = px[node] - camera.width * 0.4 / across();
  if (y < margin / 2 || y > camera.height - margin) camera.y = py[node] - camera.height * 0.45 / camera.zoom;
  redraw();
}

// The state at a point of the canvas, -1 for none; the nearest of those within reach.
function at(x, y) {
  const reach = Math.max(7, 8 * camera.zoom);
  let best = -1, nearest = reach * reach;
  const wx = x / across() + camera.x, wy = y / camera.zoom + camera.y;
  for (let node = 0; node < count; node += 1) {
    const dx = (px[node] - wx) * across(), dy = (py[node] - wy) * camera.zoom;
    const distance = dx * dx + dy * dy;
    if (distance < nearest) { nearest = distance; best = node; }
  }
  return best;
}
