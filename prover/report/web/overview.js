// The proof step by step, the search as a whole, and the time line.

const ENDING_INK = ['expanded', 'waiting', 'closed', 'stuck', 'rejected'];

function proofPanel() {
  if (about.status !== 'proved' && about.status !== 'solved' && !data.proof.length) {
    return [make('h2', {}, 'No proof'), make('p', {}, `The search ended: ${about.reason}.`),
      make('p', { class: 'quiet' }, 'This says nothing about whether the statement is true. What failed most is under “Search”.')];
  }
  const parts = data.proof.map((step, place) => {
    const before = textOf(steps.node[step]), after = textOf(steps.child[step]);
    return make('li', {}, make('div', { class: 'rule' }, make('code', { class: 'tactic' }, actionOf(step)),
      make('span', { class: 'quiet' }, `step ${place + 1} of ${data.proof.length} · ${strings[steps.others[step]]} · `, stateLink(steps.child[step]))),
    goals(after, before));
  });
  return [
    make('h2', {}, `The proof: ${plural(data.proof.length, 'step')}`),
    make('p', { class: 'quiet' }, about.checked_by ? `Accepted from scratch by ${about.checked_by}. Marked lines are new.` : 'Marked lines are new.'),
    make('h3', {}, 'To prove'), goals(textOf(0)),
    make('ol', { class: 'proof', role: 'list' }, parts),
    about.answer ? [make('h3', {}, 'As it is written'), make('pre', {}, about.answer)] : null,
  ].flat().filter(Boolean);
}

function runPanel() {
  const limits = Object.entries(about.budget).filter(([, value]) => value !== null).map(([name, value]) => `${value.toLocaleString('en')} ${name}`);
  const given = [['hints', about.hints], ['avoided', about.avoid], ['for the model', about.interventions], ['weights', Object.entries(about.weights).map(([name, weight]) => `${name} = ${weight}`)]];
  return [
    make('h2', {}, 'The search'),
    make('pre', {}, [about.header, about.statement].filter(Boolean).join('\n')),
    pairs([
      ['result', about.status], ['ended by', about.reason], ['time', `${number(about.seconds, 2)} s`],
      ['of it checking', `${number(about.checker_seconds, 2)} s`], ['states', count.toLocaleString('en')],
      ['steps', steps.node.length.toLocaleString('en')], ['limits', limits.join(', ') || 'none'], ['seed', String(about.seed)],
      ['domain', about.domain], ['version', about.version], ['imports', about.imports.join(', ') || 'none'],
    ]),
    given.filter(([, list]) => list.length).map(([name, list]) =>
      make('p', {}, make('span', { class: 'quiet' }, `${name}: `), make('code', {}, list.join(', ')))),
    workTable(), failureTable(),
    data.faults.length ? [make('h3', {}, 'Plugins that broke'), make('ul', {}, data.faults.map((fault) => make('li', { class: 'bad' }, fault)))] : null,
    make('details', {}, make('summary', {}, 'Settings of the search'), pairs(Object.entries(about.config).map(([name, value]) => [name, String(value)]))),
  ].flat(2).filter(Boolean);
}

function workTable() {
  const head = ['proposer', 'steps', 'worked', 'time', 'on the proof'].map((name, place) =>
    make('th', { scope: 'col', class: place ? 'number' : undefined }, name));
  const rows = data.work.map(([name, many, seconds, , proved, ends], place) => make('tr', {},
    make('td', {}, make('span', {}, swatchOf(place)), ` ${name}`),
    make('td', { class: 'number' }, many.toLocaleString('en')),
    make('td', { class: 'number' }, many ? `${Math.round(100 * (ends[0] + ends[1] + ends[2]) / many)} %` : '–'),
    make('td', { class: 'number' }, `${number(seconds, 2)} s`), make('td', { class: 'number' }, String(proved))));
  return [make('h3', {}, 'Work by proposer (the checker’s time)'), make('table', {}, make('thead', {}, make('tr', {}, head)), make('tbody', {}, rows))];
}

function swatchOf(place) {
  const icon = swatch(ink(proposerInk(place)));
  icon.setAttribute('width', '10');
  icon.setAttribute('height', '10');
  return icon;
}

function failureTable() {
  if (!data.failures.length) return null;
  const rows = data.failures.map(([message, many, words]) => make('tr', {}, make('td', { class: 'number' }, many.toLocaleString('en')),
    make('td', {}, message, make('div', { class: 'quiet' }, words.map(([word, times]) => `${word} ×${times}`).join(', ')))));
  return [make('h3', {}, 'What failed most'), make('table', {}, make('tbody', {}, rows))];
}

// ---------------------------------------------------------------------------------- time line

const timeMarker = makeSvg('line', { y1: 0, y2: 64, 'stroke-width': 1.5, 'vector-effect': 'non-scaling-stroke' });

function timeline() {
  const { width, bins, first } = data.timeline;
  const totals = bins.map((bin) => bin.reduce((a, b) => a + b, 0));
  const peak = Math.max(1, ...totals);
  const svg = makeSvg('svg', { viewBox: `0 0 ${bins.length} 64`, preserveAspectRatio: 'none', role: 'img', 'aria-labelledby': 'timetitle' });
  bins.forEach((bin, place) => {
    let top = 64;
    bin.forEach((many, ending) => {
      const height = many / peak * 62;
      if (!many) return;
      top -= height;
      svg.append(makeSvg('rect', { x: place + 0.06, y: top, width: 0.88, height, fill: ink(ENDING_INK[ending]) }));
    });
    if (first[place] < 0) return;
    const hit = makeSvg('rect', { x: place, y: 0, width: 1, height: 64, class: 'hit' },
      makeSvg('title', {}, `${number(place * width, 1)}–${number((place + 1) * width, 1)} s: ${plural(totals[place], 'step')}`));
    hit.addEventListener('click', () => select(steps.child[first[place]] >= 0 ? steps.child[first[place]] : steps.node[first[place]]));
    svg.append(hit);
  });
  svg.append(timeMarker);
  byId('bars').replaceChildren(svg);
  const sums = endings.map((_, ending) => bins.reduce((sum, bin) => sum + bin[ending], 0));
  byId('timetitle').textContent = `${plural(steps.node.length, 'step')} over ${number(bins.length * width, 1)} s`;
  byId('timelegend').replaceChildren(...endings.flatMap((ending, place) => (sums[place]
    ? [make('li', {}, swatch(ink(ENDING_INK[place])), `${ending} ${sums[place].toLocaleString('en')}`)] : [])));
  markTime();
}

function markTime() {
  const place = nodes.when[view.selected] / data.timeline.width;
  timeMarker.setAttribute('x1', place);
  timeMarker.setAttribute('x2', place);
  timeMarker.setAttribute('stroke', ink('accent'));
}
