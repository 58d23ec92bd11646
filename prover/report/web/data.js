// The data of the page, and what follows from them. Nodes and steps are columns; texts are kept once.

const data = JSON.parse(document.getElementById('data').textContent);
const { about, nodes, steps, strings, looks, endings, proposers } = data;
const count = nodes.parent.length;

const byId = (id) => document.getElementById(id);
const textOf = (node) => strings[nodes.text[node]];
const actionOf = (step) => strings[steps.action[step]];
const lookOf = (node) => looks[nodes.look[node]];

// The page's tree: parents come with the data, in the order of the layout from top to bottom.
const children = Array.from({ length: count }, () => []);
for (let node = 0; node < count; node += 1) if (nodes.parent[node] >= 0) children[nodes.parent[node]].push(node);
for (const below of children) below.sort((a, b) => nodes.y[a] - nodes.y[b] || nodes.x[a] - nodes.x[b]);

const treeDepth = new Array(count).fill(0);
const byDepth = [];
for (const waiting = [0]; waiting.length;) {
  const node = waiting.pop();
  (byDepth[treeDepth[node]] ||= []).push(node);
  for (const child of children[node]) { treeDepth[child] = treeDepth[node] + 1; waiting.push(child); }
}
for (const row of byDepth) row.sort((a, b) => nodes.y[a] - nodes.y[b] || nodes.x[a] - nodes.x[b]);

// Steps by the state they were tried on, and by the state they lead to.
const tried = Array.from({ length: count }, () => []);
const into = Array.from({ length: count }, () => []);
for (let step = 0; step < steps.node.length; step += 1) {
  tried[steps.node[step]].push(step);
  if (steps.child[step] >= 0) into[steps.child[step]].push(step);
}

// The step by which a state hangs below its parent; the steps to one state are in the order tried.
const via = nodes.parent.map((parent, node) => {
  let best = -1;
  for (const step of into[node]) {
    if (steps.node[step] !== parent) continue;
    if (data.proof.includes(step)) return step;
    if (best < 0 || steps.cost[step] < steps.cost[best]) best = step;
  }
  return best;
});

const proofNodes = data.proof.length ? [steps.node[data.proof[0]], ...data.proof.map((step) => steps.child[step])] : [];
const onProof = new Set(proofNodes);

// Small helpers for making elements; text only ever goes in as text.
function make(tag, attributes = {}, ...content) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (name === 'onclick') element.addEventListener('click', value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...content.flat(Infinity).filter((part) => part !== null && part !== undefined));
  return element;
}

function makeSvg(tag, attributes = {}, ...content) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...content);
  return element;
}

const number = (value, digits = 3) =>
  value === null || value === undefined ? '–' : Number(value.toFixed(digits)).toLocaleString('en');

const plural = (many, noun) => `${many.toLocaleString('en')} ${noun}${many === 1 ? '' : 's'}`;

// The first target of a state, on one line.
function target(node, limit = 90) {
  const text = textOf(node);
  const start = text.indexOf('⊢');
  const line = (start < 0 ? text : text.slice(start).split('\n\n', 1)[0]).split(/\s+/).join(' ');
  return line.length > limit ? `${line.slice(0, limit - 1)}…` : line;
}

const oneLine = (text, limit) => {
  const first = text.trim().split('\n', 1)[0];
  return first.length > limit || first.length < text.trim().length ? `${first.slice(0, limit - 1)}…` : first;
};

// Not Math.min(...list): a search may have more states than a call may have arguments.
const least = (list) => list.reduce((a, b) => Math.min(a, b), Infinity);
const most = (list) => list.reduce((a, b) => Math.max(a, b), -Infinity);

// Colours are the style sheet's, so that light and dark are decided in one place.
const inkProbe = document.body.appendChild(make('span', { class: 'hidden', 'aria-hidden': 'true' }));
let inks = new Map();
function ink(name) {
  if (!inks.has(name)) {
    inkProbe.style.color = `var(--${name})`;
    inks.set(name, getComputedStyle(inkProbe).color);
  }
  return inks.get(name);
}
const channels = (name) => ink(name).match(/[\d.]+/g).slice(0, 3).map(Number);
function shade(share) {
  const place = Math.min(1, Math.max(0, share)) * 2;
  const [low, high] = place <= 1 ? ['scale0', 'scale1'] : ['scale1', 'scale2'];
  const part = place <= 1 ? place : place - 1;
  const from = channels(low), to = channels(high);
  return `rgb(${from.map((value, i) => Math.round(value + (to[i] - value) * part)).join(',')})`;
}
