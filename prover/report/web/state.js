// The panel of one state: its goals, how it was reached, what was tried on it.

const ROWS_SHOWN = 60;

// Goals as a person reads them: hypotheses, ⊢, cases; lines that `before` has not are marked.
function goals(text, before = null) {
  const old = before === null ? null : new Set(before.split('\n'));
  const block = make('pre', { class: 'goals' });
  for (const line of text.split('\n')) {
    const row = make('span', { class: old && line.trim() && !old.has(line) ? 'changed' : 'plain' });
    const hypothesis = /^(\S[^:⊢]*?)( : .*)$/.exec(line);
    if (line.startsWith('⊢')) row.append(make('span', { class: 'turnstile' }, '⊢'), line.slice(1));
    else if (line.startsWith('case ')) row.append(make('span', { class: 'case' }, line));
    else if (hypothesis) row.append(make('span', { class: 'hyp' }, hypothesis[1]), hypothesis[2]);
    else row.append(line);
    block.append(row);
  }
  return block;
}

const stateLink = (node, words = `state ${node}`) =>
  make('button', { type: 'button', class: 'link', onclick: () => { select(node); byId('panel-state').focus(); } }, words);

function pairs(list) {
  return make('dl', {}, list.filter(([, value]) => value !== null).map(([name, value]) =>
    [make('dt', {}, name), make('dd', {}, value)]));
}

const preference = (step) => (steps.log_probability[step] !== null ? `log p ${number(steps.log_probability[step], 2)}`
  : steps.score[step] !== null ? `score ${number(steps.score[step], 2)}` : '–');

function statePanel() {
  const node = view.selected;
  const step = via[node];
  const look = lookOf(node);
  const badge = make('span', { class: `badge ${look === 'proof' ? 'good' : look === 'rejected' || look === 'refuted' ? 'bad' : ''}` }, WORDS[look]);
  return [
    make('h2', {}, `State ${node} `, badge),
    step < 0 ? make('p', { class: 'quiet' }, 'Where the search began.') : make('p', {},
      make('code', { class: 'tactic' }, actionOf(step)), ' on ', stateLink(steps.node[step]),
      make('span', { class: 'quiet' }, ` · ${strings[steps.others[step]]} · step ${(step + 1).toLocaleString('en')}`)),
    goals(textOf(node), step < 0 ? null : textOf(steps.node[step])),
    pairs([
      ['goals', number(nodes.goals[node])], ['size', number(nodes.size[node])], ['depth', number(nodes.depth[node])],
      ['cost of the path', number(nodes.cost[node])], ['heuristic', number(nodes.heuristic[node])],
      ['value', nodes.value[node] === null ? 'none' : number(nodes.value[node])],
      ['reward', step < 0 ? '–' : number(steps.reward[step])], ['reached at', `${number(nodes.when[node], 2)} s`],
    ]),
    rejections(node), insights(node), probes(node), otherWays(node), attempts(node),
  ].flat().filter(Boolean);
}

function rejections(node) {
  return data.checks.filter(([where, , accepted]) => where === node && !accepted).map(([, , , reasons]) =>
    make('p', { class: 'bad' }, `The check from scratch rejected it: ${reasons.join('; ') || 'no reason given'}`));
}

function insights(node) {
  const found = data.insights[node];
  if (!found) return null;
  return [make('h3', {}, 'What modules found'), found.map(([module, facts, features, refutation]) => make('div', {},
    make('strong', {}, module),
    refutation ? make('p', { class: 'bad' }, `says it is false: ${refutation}`) : null,
    facts.length ? make('ul', {}, facts.map((fact) => make('li', {}, make('code', {}, fact)))) : null,
    Object.keys(features).length ? pairs(Object.entries(features).map(([name, value]) => [name, number(value)])) : null))].flat();
}

function probes(node) {
  const spans = data.probes[node];
  if (!spans) return null;
  const rows = Object.entries(spans).map(([span, symbols]) => make('tr', {}, make('td', {}, make('code', {}, span)),
    make('td', {}, Object.entries(symbols).sort((a, b) => b[1] - a[1]).slice(0, 12).map(([symbol, p]) => {
      const bar = make('span', { class: 'bar' });
      bar.style.width = `${Math.round(p * 84)}px`;
      return make('div', {}, make('span', { class: 'bar-box', 'aria-hidden': 'true' }, bar), make('code', {}, symbol), ` ${number(p, 2)}`);
    }))));
  return [make('h3', {}, 'What the model sees (probes)'),
    make('table', {}, make('thead', {}, make('tr', {}, make('th', {}, 'span'), make('th', {}, 'symbols with probability'))), make('tbody', {}, rows))];
}

function otherWays(node) {
  const others = into[node].filter((step) => step !== via[node]);
  if (!others.length) return null;
  return [make('h3', {}, `Reached in ${plural(others.length, 'other way')}`),
    make('ul', {}, others.slice(0, 20).map((step) =>
      make('li', {}, make('code', { class: 'tactic' }, oneLine(actionOf(step), 80)), ' on ', stateLink(steps.node[step]))))];
}

const OUTCOME_CLASS = { 'new state': '', 'known state': 'quiet', 'no goals left': 'good', failed: 'bad', 'timed out': 'bad' };

function outcome(step) {
  const ending = endings[steps.ending[step]];
  const child = steps.child[step];
  const message = strings[steps.message[step]];
  const words = ending === 'failed' && strings[steps.kind[step]] ? `failed (${strings[steps.kind[step]]})` : ending;
  return make('td', {}, make('span', { class: OUTCOME_CLASS[ending] }, words),
    child >= 0 ? [': ', stateLink(child), ' ', make('code', { class: 'quiet' }, target(child, 60))] : null,
    message ? folded(message) : null);
}

function folded(message) {
  const why = make('div', { class: 'why' }, message);
  if (message.length < 240 && message.split('\n').length < 5) return why;
  why.classList.add('long');
  const more = make('button', { type: 'button', class: 'link', 'aria-expanded': 'false', onclick: () => {
    const long = why.classList.toggle('long');
    more.textContent = long ? 'whole message' : 'less';
    more.setAttribute('aria-expanded', String(!long));
  } }, 'whole message');
  return [why, more];
}

function attempts(node) {
  const list = tried[node];
  if (!list.length) return null;
  const body = make('tbody', {});
  const row = (step) => make('tr', {},
    make('td', {}, make('code', { class: `tactic ${data.proof.includes(step) ? 'good' : ''}` }, actionOf(step)),
      make('div', { class: 'quiet' }, strings[steps.others[step]])),
    make('td', { class: 'number' }, preference(step), make('div', { class: 'quiet' }, `cost ${number(steps.cost[step], 2)}`)),
    make('td', { class: 'number' }, number(steps.reward[step], 2), make('div', { class: 'quiet' }, `${number(steps.micros[step] / 1000, 1)} ms`)),
    outcome(step));
  body.append(...list.slice(0, ROWS_SHOWN).map(row));
  const rest = list.slice(ROWS_SHOWN);
  const more = rest.length ? make('button', { type: 'button', class: 'more', onclick: () => { body.append(...rest.map(row)); more.remove(); } },
    `Show ${rest.length.toLocaleString('en')} more`) : null;
  const head = ['tactic', 'preference', 'reward', 'what the checker said'].map((name, place) =>
    make('th', { scope: 'col', class: place === 1 || place === 2 ? 'number' : undefined }, name));
  return [make('h3', {}, `Tried here: ${plural(list.length, 'step')}`),
    make('table', { id: 'attempts' }, make('thead', {}, make('tr', {}, head)), body), more];
}
