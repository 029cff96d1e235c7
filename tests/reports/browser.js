/* SPDX-License-Identifier: GPL-3.0-or-later */
/* browser.js CHROMIUM FOLDER - the pages of test_pages.c in a browser, used as a person uses them
 *
 * What the page says is compared with sample-400.json, the JSON report of the same run. The mouse and the keyboard are real events; where a
 * dot is, the page tells (ashlar.front.place). With SHOTS=FOLDER in the environment it leaves pictures there. */
'use strict';
const assert = require('assert'), fs = require('fs'), path = require('path'), {pathToFileURL} = require('url');
const {open} = require('./chromium.js');
const [, , program, folder] = process.argv;

const truth = JSON.parse(fs.readFileSync(path.join(folder, 'sample-400.json')));
const trialOf = new Map(truth.trials.map(t => [t.id, t]));
const arithmeticOf = t => t.metrics.integer ? 'integer' : 'float';
const own = truth.trials.filter(t => t.status !== 'duplicate');
const digits = text => text.replace(/[^0-9.]/g, '');
const url = name => pathToFileURL(path.join(folder, name)).href;
const ready = p => p.until('the page', () => window.ashlar && window.ashlar.ready && window.ashlar.charts && document.querySelector('#hv-chart svg') !== null);
const count = p => p.run(() => document.getElementById('selection').hidden ? null : Number(document.getElementById('selected-count').textContent.replace(/\D/g, '')));
const settled = (p, n) => p.until(`${n} selected`, k => !document.getElementById('selection').hidden && Number(document.getElementById('selected-count').textContent.replace(/\D/g, '')) === k, n);
const cleared = p => p.until('no selection', () => document.getElementById('selection').hidden);
const current = (p, id) => p.until(`trial ${id} is current`, i => document.querySelector('#detail-body b').textContent === `Trial ${i}`, id);
/* Where the dot of a trial is, after scrolling there. */
const dot = (p, id) => p.run(i => { document.getElementById('front-chart').scrollIntoView({block: 'center', behavior: 'instant'}); return ashlar.front.place(ashlar.data.row(i)); }, id);

/* Where it ran: the table is the report's, and the chart's tooltip tells what happened when. */
async function nodes(p) {
  const n = truth.nodes, rows = await p.run(() => [...document.querySelectorAll('#nodes tbody tr')].map(r => [...r.children].map(e => e.textContent)));
  assert.deepStrictEqual(rows.map(r => [r[0], ...[r[1], r[2], r[5]].map(Number)]), n.hosts.map(h => [h.name, h.workers, h.trials, h.redone]));
  assert(/^3 nodes, 12 workers, 82 % .*4 evaluations were lost/.test(await p.run(() => document.getElementById('nodes-note').textContent)));
  await p.until('the chart of the nodes', () => document.querySelector('#nodes-chart').project !== undefined);
  const place = m => { const c = document.getElementById('nodes-chart'); c.scrollIntoView({block: 'center', behavior: 'instant'}); return c.project(6.5 * 30 / 60, m); };
  const told = () => p.run(() => { const t = document.getElementById('tip'); return !t.hidden && t.textContent.includes('7.9 of 12 workers busy (66 %)') && t.textContent.includes('4 had been lost'); });
  for (let k = 0, end = Date.now() + 10000; !await told() && Date.now() < end; k++) { /* the page may still be scrolling */
    const at = await p.run(place, n.moments[6][0]);
    await p.move({x: at.x + k % 3, y: at.y});
  }
  assert(await told(), 'the tooltip says what happened then');
}

/* The columns that the page took apart are the run, number by number. */
async function data(p) {
  const got = await p.run(() => ashlar.data.rows.reduce((all, i) => {
    const d = ashlar.data, c = d.curve(i), m = {};
    for (const [name, v] of d.columns) if (name !== 'id' && !Number.isNaN(v[i])) m[name] = v[i];
    all.push({id: d.id[i], status: d.status(i), front: !!d.front[i], genome: d.genome(i), reason: d.reason(i), parents: d.parents(i), original: d.original(i),
      metrics: m, curve: c && {epoch: c.epoch, val_error: Array.from(c.val_error)}, layers: d.blocks(i) ? d.blocks(i).layers.length : 0});
    return all;
  }, []));
  assert.strictEqual(got.length, truth.trials.length);
  got.forEach((g, i) => {
    const t = truth.trials[i];
    assert.deepStrictEqual([g.id, g.status, g.front, g.genome, g.reason, g.parents, g.original],
      [t.id, t.status, t.front, t.genome, t.reason || '', t.parents || [], t.original || 0]);
    assert.deepStrictEqual(g.metrics, t.metrics, `metrics of trial ${t.id}`);
    if (t.status === 'duplicate') return;
    assert.strictEqual(g.layers, t.blocks ? t.blocks.layers.length : 0);
    if (!t.curve) { assert.strictEqual(g.curve, null); return; }
    assert.deepStrictEqual(g.curve.epoch, t.curve.epoch);
    t.curve.val_error.forEach((v, e) => assert(Math.abs(v - g.curve.val_error[e]) <= 1e-3 * v, 'four digits of a curve'));
  });
}

async function tooltip(p) {
  const members = truth.trials.filter(t => t.front).sort((a, b) => a.metrics.macs - b.metrics.macs);
  assert(members.length >= 5);
  for (const t of [members[0], members[members.length - 1]]) {
    const at = await dot(p, t.id);
    const ink = t !== members[0] ? 255 : await p.run(a => { const c = document.getElementById('front-canvas'), r = c.getBoundingClientRect(), k = c.width / r.width; return c.getContext('2d').getImageData((a.x - r.left) * k, (a.y - r.top) * k, 1, 1).data[3]; }, at);
    assert.strictEqual(ink, 255, 'a dot is drawn where it is said to be');
    await p.move({x: 3, y: 3});
    await p.until('no tooltip', () => document.getElementById('tip').hidden);
    await p.move(at);
    await p.until('the tooltip', () => !document.getElementById('tip').hidden && document.getElementById('tip').textContent.includes('Trial '));
    const said = await p.run(() => Object.assign({id: Number(document.querySelector('#tip b').textContent.slice(6)), genome: document.querySelector('#tip .genome').textContent},
      Object.fromEntries([...document.querySelectorAll('#tip dt')].map(e => [e.textContent, e.nextElementSibling.textContent]))));
    const s = trialOf.get(said.id); /* of several that lie on one point, any */
    assert(s.metrics.macs === t.metrics.macs && s.metrics.error === t.metrics.error, `trial ${said.id} under the mouse, not ${t.id}`);
    assert.strictEqual(said['validation error'], `${(100 * s.metrics.error).toFixed(2)} % (${arithmeticOf(s)})`);
    assert.strictEqual(digits(said.MACs), String(s.metrics.macs));
    assert.strictEqual(digits(said['model size']), String(s.metrics.model_bytes));
    assert.strictEqual(said.genome, s.genome);
    const box = await p.run(() => { const r = document.getElementById('tip').getBoundingClientRect(); return [r.left, r.top, innerWidth - r.right, innerHeight - r.bottom]; });
    assert(Math.min(...box) >= 0, 'the tooltip stays in the window');
  }
}

async function clickDot(p) {
  const members = truth.trials.filter(t => t.front).sort((a, b) => a.metrics.macs - b.metrics.macs), first = members[0].metrics.macs;
  const lonely = members.find(t => members.filter(u => u.metrics.macs === t.metrics.macs).length === 1 && t.metrics.macs > first);
  await p.click(await dot(p, lonely.id));
  await current(p, lonely.id);
  await p.until('its row and its strip', id => document.querySelector(`#trials tr[data-id="${id}"]`).getAttribute('aria-selected') === 'true' &&
    document.querySelector(`.strip[data-id="${id}"]`).getAttribute('aria-pressed') === 'true', lonely.id);
  await p.run(() => document.getElementById('front-chart').focus());
  await p.key('ArrowRight', 39);
  const next = members[members.indexOf(lonely) + 1] || lonely;
  await p.until('the next one to the right', m => { const id = Number(document.querySelector('#detail-body b').textContent.slice(6)); return ashlar.data.column('macs')[ashlar.data.row(id)] === m; }, next.metrics.macs);
}

async function axes(p) {
  const members = truth.trials.filter(t => t.front), places = () => p.run(ids => ids.map(i => ashlar.front.place(ashlar.data.row(i)).x), members.map(t => t.id));
  const before = await places(), was = await p.run(() => document.getElementById('axis-x').value);
  await p.run(() => document.getElementById('axis-x').focus());
  await p.key('ArrowDown', 40);
  const now = await p.until('another metric', w => { const v = document.getElementById('axis-x').value; return v !== w && v; }, was);
  const title = truth.metrics.find(m => m.name === now).axis;
  await p.until(`the axis says ${title}`, t => document.getElementById('front-axes').textContent.includes(t), title);
  const after = await places();
  assert(after.some((x, i) => Math.abs(x - before[i]) > 3), 'dots moved');
  await p.click(await p.middle('#log-x'));
  await p.until('they moved again', x => Math.abs(ashlar.front.place(ashlar.data.frontRows[2]).x - x) > 3, await p.run(() => ashlar.front.place(ashlar.data.frontRows[2]).x)).catch(() => {});
  assert((await places()).some((x, i) => Math.abs(x - after[i]) > 3), 'the scale changed');
  await p.run(w => { const e = document.getElementById('axis-x'); e.value = w; e.dispatchEvent(new Event('change')); }, was);
  await p.until('the first metric', t => document.getElementById('front-axes').textContent.includes(t), truth.metrics.find(m => m.name === was).axis);
}

/* A rectangle in the front is a range of both metrics, and every view shows what lies in it. */
async function brushFront(p) {
  const box = await p.run(() => { document.getElementById('front-chart').scrollIntoView({block: 'center', behavior: 'instant'}); const r = document.getElementById('front-canvas').getBoundingClientRect(); return {x: r.left, y: r.top, w: r.width, h: r.height}; });
  await p.drag({x: box.x + 0.3 * box.w, y: box.y + 0.25 * box.h}, {x: box.x + 0.7 * box.w, y: box.y + 0.75 * box.h});
  const ranges = await p.until('ranges', () => ashlar.state.ranges.size === 2 && Object.fromEntries(ashlar.state.ranges));
  const inside = t => Object.entries(ranges).every(([k, [lo, hi]]) => t.metrics[k] >= lo && t.metrics[k] <= hi), all = truth.trials.filter(inside);
  assert(all.length > 5 && all.length < 395, `${all.length} in the rectangle`);
  await settled(p, all.length);
  assert.strictEqual(await p.run(() => document.querySelectorAll('#selection .chip').length), 2);
  assert(await p.run(() => { const b = document.getElementById('front-brush'); return !b.hidden && b.getBoundingClientRect().width > 20; }), 'the rectangle is drawn');
  /* the table lists them, the lines are counted, curves are theirs, the picker chooses among them */
  assert.strictEqual(await p.run(() => document.getElementById('tab-selection').getAttribute('aria-pressed')), 'true');
  const listed = await p.run(() => [...document.querySelectorAll('#trials tbody tr[data-id]')].map(r => Number(r.dataset.id)));
  assert(listed.length > 3 && listed.every(id => inside(trialOf.get(id))), 'rows of the selection');
  const lines = all.filter(t => t.status !== 'duplicate' && ['error', 'macs', 'model_bytes', 'mean_weight_bits', 'params', 'peak_ram_bytes'].every(k => k in t.metrics)).length;
  assert((await p.run(() => document.getElementById('parallel-note').textContent)).includes(`Lines: ${lines} trials of the selection`));
  await p.until('curves of the selection', () => document.getElementById('curve-note').textContent.includes('of the selection'));
  const best = Math.min(...all.filter(t => t.status === 'ok').map(t => t.metrics.error));
  const picked = await p.run(() => Number(document.getElementById('picker-best').textContent.slice(6)));
  assert.strictEqual(trialOf.get(picked).metrics.error, best);
  /* one range can be let go by its chip, all by Escape */
  await p.click(await p.middle('#selection .chip'));
  const [[name, [lo, hi]]] = Object.entries(await p.until('one range', () => ashlar.state.ranges.size === 1 && Object.fromEntries(ashlar.state.ranges)));
  await settled(p, truth.trials.filter(t => t.metrics[name] >= lo && t.metrics[name] <= hi).length);
  await p.run(() => document.getElementById('front-chart').focus());
  await p.key('Escape', 27);
  await cleared(p);
  await p.until('the front again', () => document.getElementById('tab-front').getAttribute('aria-pressed') === 'true');
}

async function parallel(p) {
  const heads = () => p.run(() => [...document.querySelectorAll('.axis-head > span')].map(e => e.textContent));
  await p.middle('#parallel-plot');
  const at = v => p.run(u => ashlar.parallel.place('model_bytes', u), v);
  const sizes = own.map(t => t.metrics.model_bytes).sort((a, b) => a - b), lo = sizes[60], hi = sizes[250];
  await p.drag(await at(lo), await at(hi));
  const range = await p.until('a range', () => ashlar.state.ranges.get('model_bytes'));
  assert(Math.abs(range[0] / lo - 1) < 0.05 && Math.abs(range[1] / hi - 1) < 0.05, `${range} for ${lo} to ${hi}`);
  await settled(p, truth.trials.filter(t => t.metrics.model_bytes >= range[0] && t.metrics.model_bytes <= range[1]).length);
  /* a second axis narrows it; the brush of the first is moved by dragging it */
  const err = v => p.run(u => ashlar.parallel.place('error', u), v);
  await p.drag(await err(0.02), await err(0.2));
  await p.until('two ranges', () => ashlar.state.ranges.size === 2);
  const e = await p.run(() => ashlar.state.ranges.get('error'));
  await settled(p, truth.trials.filter(t => t.metrics.model_bytes >= range[0] && t.metrics.model_bytes <= range[1] && t.metrics.error >= e[0] && t.metrics.error <= e[1]).length);
  const middle = await at(Math.sqrt(range[0] * range[1]));
  await p.drag(middle, {x: middle.x, y: middle.y - 25});
  await p.until('it moved', r => { const n = ashlar.state.ranges.get('model_bytes'); return n[0] > r[0] * 1.01 && n[1] > r[1] * 1.01; }, range);
  await p.click(await at(range[1] * 1.2));
  await p.until('let go by a click', () => ashlar.state.ranges.size === 1);
  await p.click(await p.middle('#clear-selection'));
  await cleared(p);
  /* turn over, move, take out, add */
  const top = await err(0.02);
  await p.click(await p.middle('[data-act="flip error"]'));
  await p.until('turned over', y => Math.abs(ashlar.parallel.place('error', 0.02).y - y) > 20, top.y);
  const before = await heads();
  await p.run(() => document.querySelector('[data-act="right error"]').focus());
  await p.key('Enter', 13);
  await p.until('moved', was => document.querySelectorAll('.axis-head > span')[1].textContent === was, before[0]);
  assert.strictEqual(await p.run(() => document.activeElement.dataset.act), 'right error', 'the focus stays with the axis');
  await p.click(await p.middle('[data-act="out params"]'));
  await p.until('taken out', n => document.querySelectorAll('.axis-head').length === n - 1, before.length);
  await p.run(() => { const e = document.getElementById('parallel-add'); e.value = 'latency_s'; e.dispatchEvent(new Event('change')); });
  await p.until('added', () => [...document.querySelectorAll('.axis-head > span')].pop().textContent === 'latency (s)');
}

async function picker(p) {
  const type = async (name, text) => {
    await p.click(await p.middle(`#picker-limits [data-metric=${name}]`));
    await p.run(n => document.querySelector(`#picker-limits [data-metric=${n}]`).select(), name);
    await p.type(text);
    await p.key('Tab', 9);
  };
  const best = (bytes, ram) => truth.trials.filter(t => t.status === 'ok' && t.metrics.model_bytes <= bytes && t.metrics.peak_ram_bytes <= ram)
    .reduce((a, t) => !a || t.metrics.error < a.metrics.error ? t : a, null);
  await type('model_bytes', '2 KB');
  await type('peak_ram_bytes', '8K');
  const wanted = best(2048, 8192);
  await p.until(`trial ${wanted.id}`, id => { const e = document.getElementById('picker-best'); return e && e.textContent === `Trial ${id}`; }, wanted.id);
  assert.strictEqual(await p.run(() => document.querySelector('#picker-result .genome-box').textContent), wanted.genome);
  await p.until('both limits', () => ashlar.state.ranges.size === 2 && document.querySelector('#picker-result').textContent.includes('peak_ram_bytes <='));
  const commands = await p.run(() => [...document.querySelectorAll('#picker-result .command code')].map(e => e.textContent));
  assert.deepStrictEqual(commands, [`ashlar show sample.db ${wanted.id} --run 1`,
    "ashlar query sample.db --run 1 --top 1 --by error --where 'model_bytes <= 2048 and peak_ram_bytes <= 8192'"]);
  await p.click(await p.middle('#picker-show'));
  await current(p, wanted.id);
  await type('model_bytes', '10');
  const none = await p.until('none', () => { const e = document.getElementById('picker-none'); return e && e.textContent; });
  assert(none.includes('The least model size of the run is'), none);
  await type('model_bytes', 'much');
  assert((await p.until('an error', () => document.getElementById('picker-error').textContent)).includes('"much" is no model size'));
  await type('model_bytes', '');
  await p.until('one limit', () => ashlar.state.ranges.size === 1);
  const parsed = await p.run(() => [['model_bytes', '64 KB'], ['model_bytes', '64k'], ['model_bytes', '1.5M'], ['macs', '20k'], ['error', '3 %'], ['error', '3'], ['latency_s', '5 ms'], ['mean_weight_bits', '4 bits'], ['macs', ''], ['macs', '1e3x']].map(([n, t]) => ashlar.picker.parse(n, t)));
  assert.deepStrictEqual(parsed.slice(0, 6), [65536, 65536, 1572864, 20000, 0.03, 0.03]);
  assert(Math.abs(parsed[6] - 0.005) < 1e-12 && parsed[7] === 4 && parsed[8] === null && parsed[9] === null, String(parsed));
  await p.click(await p.middle('#clear-selection'));
  await cleared(p);
}

/* A rectangle in the learning curves takes those that pass through it. */
async function curves(p) {
  await p.run(() => document.getElementById('curve-chart').scrollIntoView({block: 'center', behavior: 'instant'}));
  await p.until('the curves', () => document.getElementById('curve-chart').project);
  const corners = () => p.run(() => { const c = document.getElementById('curve-chart'); return [c.project(9.6, 8), c.project(12.4, 25)]; });
  let rectangle = await corners(), before;
  do { /* the chart follows the selection after a moment: until it stands still */
    before = JSON.stringify(rectangle);
    await new Promise(resolve => setTimeout(resolve, 400));
    rectangle = await corners();
  } while (JSON.stringify(rectangle) !== before);
  await p.drag(...rectangle);
  await p.until('picked', () => ashlar.state.picked && !document.getElementById('selection').hidden);
  const got = await p.run(() => [...ashlar.state.picked].map(i => ashlar.data.id[i]).sort((x, y) => x - y));
  const through = t => t.curve && t.curve.epoch.some((e, i) => e >= 10 && e <= 12 && t.curve.val_error[i] >= 0.08 && t.curve.val_error[i] <= 0.25);
  const wanted = truth.trials.filter(t => t.front && through(t)).map(t => t.id);
  assert(wanted.length > 2, 'some of the front pass there');
  for (const id of wanted) assert(got.includes(id), `trial ${id} passes there`);
  for (const id of got) assert(through(trialOf.get(id)), `trial ${id} does not pass there`);
  await p.click(await p.middle('#clear-selection'));
  await cleared(p);
}

async function table(p) {
  const order = () => [...document.querySelectorAll('#trials tbody tr[data-id]')].map(r => Number(r.dataset.id));
  await p.click(await p.middle('#trials th button', 'MACs'));
  await p.until('ascending', () => document.querySelector('#trials th[data-key=macs]').getAttribute('aria-sort') === 'ascending');
  let ids = await p.run(order);
  const macs = id => trialOf.get(id).metrics.macs;
  assert(ids.length > 10);
  for (let i = 1; i < ids.length; i++) assert(macs(ids[i - 1]) <= macs(ids[i]), 'ascending');
  await p.click(await p.middle('#trials th button', 'MACs'));
  await p.until('descending', () => document.querySelector('#trials th[data-key=macs]').getAttribute('aria-sort') === 'descending');
  ids = await p.run(order);
  for (let i = 1; i < ids.length; i++) assert(macs(ids[i - 1]) >= macs(ids[i]), 'descending');
  for (const id of [ids[0], ids[3]]) {
    await p.click(await p.middle(`#trials tr[data-id="${id}"] td`));
    await current(p, id);
    const t = trialOf.get(id), boxes = await p.run(() => document.querySelectorAll('#detail-body svg.net rect.box').length);
    const weighted = t.blocks.layers.filter(l => ['conv2d', 'depthwise_conv2d', 'dense'].includes(l.op)).length;
    const drawn = t.blocks.layers.filter(l => l.op !== 'quantize').length;
    assert(boxes >= weighted && boxes <= drawn, `${boxes} boxes for ${drawn} layers`);
  }
  /* all 400 are there, a few in the page at a time; End goes to the last */
  await p.click(await p.middle('#tab-all'));
  await p.until('all', () => document.getElementById('pager').textContent === '400 trials');
  assert((await p.run(order)).length < 80, 'only what is in view exists');
  await p.click(await p.middle('#trials tr[data-at="0"] td'));
  await p.key('End', 35);
  await p.until('the last row', () => document.activeElement.dataset && document.activeElement.dataset.at === '399');
  /* the space bar picks, so does Ctrl-click; Shift-click picks up to there */
  await p.key('Home', 36);
  await p.until('the first row', () => document.activeElement.dataset && document.activeElement.dataset.at === '0');
  await p.key(' ', 32);
  await settled(p, 1);
  await p.click(await p.middle('#trials tr[data-at="2"] td'), 2);
  await settled(p, 2);
  await p.click(await p.middle('#trials tr[data-at="5"] td'), 8);
  await settled(p, 5);
  await p.key('Escape', 27);
  await cleared(p);
  await p.click(await p.middle('#find'));
  await p.type('hostile');
  const text = await p.until('the hostile trial', () => { const r = document.querySelectorAll('#trials tbody tr'); return r.length === 1 && r[0].textContent; });
  assert(text.includes('</script><script>alert(1)</script><!-- "quoted", \'single\' & \u00e9 \u2028 \ufffd end'), text);
  await p.click(await p.middle('#trials tbody tr td'));
  await current(p, 100);
  assert(await p.run(() => document.querySelectorAll('#detail-body script').length === 0));
  await p.run(() => { const f = document.getElementById('find'); f.value = ''; f.dispatchEvent(new Event('input')); });
  await p.until('all again', () => document.getElementById('pager').textContent === '400 trials');
}

/* The chain of parents, what changed at each step, and the path over the front. */
async function lineage(p) {
  const depth = t => t.parents ? 1 + depth(trialOf.get(t.parents[0])) : 0;
  const t = truth.trials.filter(u => u.front && u.parents).sort((a, b) => depth(b) - depth(a))[0];
  await p.run(id => ashlar.setRow(ashlar.data.row(id)), t.id);
  await p.until('its lineage', id => document.querySelector('#lineage-body .chain li .link').textContent === `trial ${id}`, t.id);
  const step = await p.run(() => { const li = document.querySelector('#lineage-body .chain > li'); return {links: [...li.querySelectorAll('.link')].map(e => Number(e.textContent.slice(6))), changes: [...li.querySelectorAll('.changes > li')].map(e => e.textContent), gains: li.querySelector('.gains').textContent}; });
  assert.deepStrictEqual(step.links.slice(1).sort(), t.parents.slice().sort());
  const genes = text => Object.fromEntries(text.split(' | ').flatMap(u => { const [unit, rest] = u.split(/:(.*)/s); return rest.split(';').map(g => [`${unit} ${g.split('=')[0]}`, g.split('=')[1]]); }));
  const now = genes(t.genome), was = genes(trialOf.get(step.links[1]).genome);
  const changed = [...new Set(Object.keys(now).concat(Object.keys(was)))].filter(k => now[k] !== was[k]).sort();
  assert.deepStrictEqual(step.changes.filter(c => c !== 'the same genome').map(c => c.replace(/ \S+ \u2192 .*$/, '')).sort(), changed);
  assert(step.gains.includes(`validation error ${(100 * trialOf.get(step.links[1]).metrics.error).toFixed(2)} % \u2192 ${(100 * t.metrics.error).toFixed(2)} %`), step.gains);
  if (changed.length) assert(await p.run(() => document.querySelectorAll('#genome-diff ins, #genome-diff del').length > 0), 'the genomes are compared');
  await p.click(await p.middle('#lineage-path'));
  await p.until('the path', () => ashlar.state.lineage);
  await p.click(await p.middle('#lineage-body .chain li:first-child .link:nth-of-type(2)'));
  await current(p, step.links[1]);
  await p.click(await p.middle('#lineage-path'));
}

/* Eta squared, computed again from the genomes. */
async function importance(p) {
  const said = await p.until('importance', () => { const r = [...document.querySelectorAll('#importance tbody tr')]; return r.length > 3 && r.map(t => [t.cells[0].textContent, parseInt(t.cells[1].textContent, 10), Number(t.cells[2].textContent.replace(/\D/g, ''))]); });
  const log = await p.run(() => document.getElementById('importance-note').textContent.includes('logarithm'));
  const ok = truth.trials.filter(t => t.status === 'ok').map(t => ({genome: t.genome, y: log ? Math.log10(t.metrics.error) : t.metrics.error}));
  for (const [title, percent, n] of said) {
    const [unit, name] = title.split(' '), groups = new Map();
    for (const t of ok) {
      const u = t.genome.split(' | ').find(s => s.startsWith(`${unit}:`)), g = u && u.slice(unit.length + 1).split(';').find(s => s.startsWith(`${name}=`));
      if (g) groups.set(g, (groups.get(g) || []).concat(t.y));
    }
    const all = [...groups.values()].flat(), mean = v => v.reduce((a, b) => a + b, 0) / v.length, m = mean(all);
    const between = [...groups.values()].reduce((a, v) => a + v.length * (mean(v) - m) ** 2, 0), total = all.reduce((a, y) => a + (y - m) ** 2, 0);
    assert.strictEqual(n, all.length, title);
    assert(Math.abs(100 * between / total - percent) <= 0.51, `${title}: ${percent} %, not ${100 * between / total}`);
  }
  await p.click(await p.middle('#importance .chip'));
  await p.until('its trials', () => ashlar.state.picked && !document.getElementById('selection').hidden);
  await p.click(await p.middle('#clear-selection'));
  await cleared(p);
}

/* Reasons that differ in numbers are one group; a group is a selection. */
async function failures(p) {
  const groups = await p.run(() => [...document.querySelectorAll('#failed tbody tr')].map(r => [Number(r.cells[0].textContent), r.cells[1].textContent, r.cells[2].textContent]));
  const number = s => truth.trials.filter(t => t.status === s).length;
  for (const s of ['infeasible', 'diverged', 'failed']) assert.strictEqual(groups.filter(g => g[1] === s).reduce((a, g) => a + g[0], 0), number(s), s);
  assert.strictEqual(groups.length, 3);
  await p.click(await p.middle('#failed tbody tr:first-child button'));
  await settled(p, groups[0][0]);
  await p.click(await p.middle('#clear-selection'));
  await cleared(p);
}

/* What an address says is what another window shows. */
async function links(browser, p, name) {
  await p.run(() => { ashlar.state.x = 'params'; ashlar.state.colour = 'error'; ashlar.setRange('macs', [2000, 60000]); ashlar.setRange('error', [-Infinity, 0.2]); ashlar.state.axes[0].flip = true;
    ashlar.state.sort = 'params'; ashlar.state.down = true; ashlar.setRow(ashlar.data.row(57)); ashlar.changed('view'); ashlar.changed('table'); });
  const hash = await p.until('the address', () => location.hash.includes('trial=57') && location.hash.includes('macs') && location.hash.includes('-params') && location.hash);
  const seen = () => ({count: document.getElementById('selected-count').textContent, chips: [...document.querySelectorAll('#selection .chip')].map(e => e.textContent), trial: document.querySelector('#detail-body b').textContent,
    x: document.getElementById('axis-x').value, colour: document.getElementById('colour').value, axes: [...document.querySelectorAll('.axis-head > span')].map(e => e.textContent),
    sort: document.querySelector('#trials th[data-key=params]').getAttribute('aria-sort'), low: Math.round(ashlar.parallel.place(ashlar.state.axes[0].name, 1000).y > ashlar.parallel.place(ashlar.state.axes[0].name, 2000).y)});
  const q = await browser.page({width: 1280, height: 900, dark: false});
  await q.goto(url(name) + hash);
  await ready(q);
  assert.deepStrictEqual(await q.run(seen), await p.run(seen));
  assert.strictEqual(await count(q), truth.trials.filter(t => t.metrics.macs >= 2000 && t.metrics.macs <= 60000 && t.metrics.error <= 0.2).length);
  await q.run(() => { location.hash = '#x=macs&y=error&trial=9999&in=nonsense:1..2,macs:..5000&axes=gone,macs,error&sort=<b>'; });
  await q.until('a changed address', () => ashlar.state.x === 'macs' && ashlar.state.ranges.size === 1 && document.querySelectorAll('.axis-head').length === 2);
  assert.deepStrictEqual(q.troubles, []);
  await q.close();
}

async function strips(p) {
  await p.middle('#networks');
  await p.until('three strips', () => document.querySelectorAll('.strip svg.net').length >= 3); /* they are drawn as they come into view */
  const pressed = () => document.querySelector('.strip:nth-child(2)').getAttribute('aria-pressed') === 'true';
  for (let tries = 0; tries < 10 && !(await p.run(pressed)); tries++) { /* what comes into view moves what is below it */
    await p.click(await p.middle('.strip:nth-child(2) .head'));
    await new Promise(resolve => setTimeout(resolve, 200));
  }
  assert(await p.run(pressed), 'a strip is selected by a click');
}

/* Every error of the front names its arithmetic, and the drawing of a quantised network the bits of weights and activations. */
async function arithmetic(p) {
  const front = truth.trials.filter(t => t.front), quantised = front.filter(t => t.metrics.integer);
  assert(quantised.length > 2 && quantised.length < front.length, `${quantised.length} of ${front.length} are quantised`);
  const heads = await p.run(() => [...document.querySelectorAll('.strip')].map(b => [Number(b.dataset.id), b.querySelector('.head').textContent]));
  assert.strictEqual(heads.length, front.length);
  for (const [id, said] of heads) {
    const yes = arithmeticOf(trialOf.get(id)), no = yes === 'float' ? 'integer' : 'float';
    assert(said.includes(`% (${yes})`) && !said.includes(`(${no})`), `trial ${id} is ${yes}: ${said}`);
  }
  for (const t of [quantised[0], front.find(u => !u.metrics.integer)]) {
    const words = await p.run(id => { const e = document.createElement('div'); ashlar.networks.layers(e, ashlar.data.blocks(ashlar.data.row(id))); return [...e.querySelectorAll('text')].map(u => u.textContent); }, t.id);
    const bits = t.blocks.layers.filter(l => l.macs > 0).map(l => l.weight_bits);
    for (const b of bits) assert(words.includes(t.metrics.integer ? `w${b} a${b}` : b < 32 ? `w${b}` : 'float'), `${b} bits in ${words}`);
    assert(words.every(w => !/quant/.test(w)) && words.some(w => /^\d+ bit$/.test(w)) === !!t.metrics.integer, `${words}`);
  }
}

/* A description with fields absent or of another type is drawn as far as it goes. */
async function oddBlocks(p) {
  await p.run(() => {
    const odd = [null, {}, {layers: 'no'}, {layers: [null, 5, {}, {op: 'conv2d'}, {op: 'relu', inputs: 'x'}, {op: 'add', inputs: ['gone', null], out: 'no', macs: '1'}]},
      {input: [8], layers: [{name: 'a', op: '<b>', out: [1, 1, 4], block: {}, params: -1, weight_bits: null}]}];
    for (const b of odd) { ashlar.networks.strip(b); const e = document.createElement('div'); ashlar.networks.layers(e, b); if (e.querySelector('b')) throw new Error('HTML'); if (/NaN|undefined/.test(e.innerHTML)) throw new Error(e.innerHTML); }
  });
}

/* Light and dark are told apart by what is seen, not by a class. */
async function themes(p, dark) {
  const bright = () => {
    const c = s => { const m = getComputedStyle(document.querySelector(s)); return [m.backgroundColor, m.color].map(t => t.match(/[\d.]+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0)); };
    return [c('body'), c('section')].map(([back, text]) => back - text);
  };
  for (const d of await p.run(bright)) assert(dark ? d < -300 : d > 300, `contrast ${d}`);
  await p.click(await p.middle('#theme'));
  for (const d of await p.run(bright)) assert(dark ? d > 300 : d < -300, `contrast ${d} after the switch`);
  await p.click(await p.middle('#theme'));
}

async function check(browser, name, kind, dark, width) {
  const p = await browser.page({width, height: 900, dark});
  await p.goto(url(name));
  await ready(p);
  const found = await p.run(() => ashlar.charts.kind);
  assert(found === kind || (kind === 'vega' && found === 'svg'), `charts by ${found}`);
  if (process.env.SHOTS) await p.shot(path.join(process.env.SHOTS, `${name}-${width}-${dark ? 'dark' : 'light'}.png`), false);
  assert(await p.run(() => document.documentElement.scrollWidth <= innerWidth), 'the page is no wider than the window');
  await themes(p, dark);
  for (const step of width > 1000 ? [data, tooltip, clickDot, axes, brushFront, parallel, picker, nodes, curves, strips, arithmetic, importance, lineage, failures, table, oddBlocks]
    : [tooltip, clickDot, brushFront, nodes, strips, arithmetic, table, failures]) await step(p).catch(e => { e.message = `${name}, ${width} px, ${step.name}: ${e.message}`; throw e; });
  if (width > 1000) await links(browser, p, name);
  const pdf = await p.send('Page.printToPDF', {printBackground: true});
  assert(pdf.data.length > 20000, 'it prints');
  assert.deepStrictEqual(p.troubles, []);
  assert.deepStrictEqual(p.requests.filter(r => r !== url(name)), []);
  await p.close();
  console.log(`ok: ${name}, ${found}, ${dark ? 'dark' : 'light'}, ${width} px`);
}

/* Runs with no trial, one and two, and many, open without a complaint. */
async function opens(browser, name) {
  const p = await browser.page({width: 1000, height: 800, dark: false});
  await p.goto(url(name));
  await p.until('the page', () => document.querySelector('#made dl') !== null && window.ashlar.ready && window.ashlar.charts);
  assert(await p.run(() => document.getElementById('title').textContent === 'digits'));
  assert.deepStrictEqual(p.troubles, [], name);
  assert.deepStrictEqual(p.requests.filter(r => r !== url(name)), [], name);
  await p.close();
  console.log(`ok: ${name} opens`);
}

/* Several runs: bands of the hypervolume, one line per method, and their fronts over the objectives. */
async function severalRuns(browser) {
  const p = await browser.page({width: 1280, height: 900, dark: false});
  await p.goto(url('runs.html'));
  await ready(p);
  const legend = await p.run(() => [...document.querySelectorAll('#hv-legend span')].map(e => e.textContent));
  assert.deepStrictEqual(legend, ['this run', 'nsga2: 3 runs, median and quartiles', 'random: 1 run']);
  const groups = await p.run(() => ashlar.data.head.runs.groups);
  assert.deepStrictEqual(groups.map(g => g.runs.map(r => [r.label, r.own])), [[['seed1', true], ['seed2', false], ['seed3', false]], [['seed4', false]]]);
  for (const g of groups) for (const [x, low, median, high] of g.band) assert(x >= 0 && low <= median && median <= high);
  const ends = groups[0].runs.map(r => r.hypervolume);
  assert(new Set(ends).size > 1, 'the runs differ');
  await p.run(() => { /* on the canvas; 0 while it still changes */
    window.ink = () => {
      const c = document.getElementById('front-canvas'), v = c.getContext('2d').getImageData(0, 0, c.width, c.height).data, before = window.inkBefore;
      let n = 0;
      for (let i = 3; i < v.length; i += 4) n += v[i];
      window.inkBefore = n;
      return n === before ? n : 0;
    };
  });
  const on = await p.until('the fronts', () => document.getElementById('front-legend').textContent.includes('fronts of random') && ink());
  await p.click(await p.middle('#others'));
  await p.until('no other fronts', () => !document.getElementById('others').checked && !document.getElementById('front-legend').textContent.includes('fronts of random'));
  await p.until('a canvas without them', on => { const now = ink(); return now > 0 && now < on; }, on);
  if (process.env.SHOTS) await p.shot(path.join(process.env.SHOTS, 'runs.png'), false);
  assert.deepStrictEqual(p.troubles.filter(t => !t.includes('willReadFrequently')), []);
  await p.close();
  console.log('ok: runs.html, several runs');
}

/* Without scripts, and in a browser that cannot unpack the trials, the front is there as a figure and a table. */
async function withoutViews(browser) {
  const front = () => ({rows: document.querySelectorAll('table tbody tr').length, drawn: document.querySelectorAll('svg.figure .member').length, said: document.querySelectorAll('#broken').length,
    charts: [...document.querySelectorAll('.needs-js')].filter(e => e.offsetHeight).length});
  for (const [how, said, prepare] of [['no scripts', 0, p => p.send('Emulation.setScriptExecutionDisabled', {value: true})],
    ['an old browser', 1, p => p.send('Page.addScriptToEvaluateOnNewDocument', {source: 'delete window.DecompressionStream'})]]) {
    const p = await browser.page({width: 1000, height: 800, dark: false});
    await prepare(p);
    await p.goto(url('sample-400.html'));
    const found = await p.until('the front', f => { const v = (0, eval)(`(${f})`)(); return v.rows && v; }, front.toString());
    assert.deepStrictEqual([found.said, found.charts], [said, 0], how);
    assert(found.rows > 3 && found.drawn >= found.rows, `${how}: ${found.rows} rows, ${found.drawn} dots`);
    if (process.env.SHOTS) await p.shot(path.join(process.env.SHOTS, `${how.replace(/ /g, '-')}.png`), false);
    await p.close();
    console.log(`ok: ${how}`);
  }
}

(async () => {
  const browser = open(program);
  try {
    await severalRuns(browser);
    await withoutViews(browser);
    for (const n of [0, 1, 2]) for (const kind of ['sample', 'plain']) await opens(browser, `${kind}-${n}.html`);
    await check(browser, 'sample-400.html', 'vega', false, 1280);
    await check(browser, 'plain-400.html', 'svg', true, 1280);
    await check(browser, 'sample-400.html', 'vega', true, 480);
    await check(browser, 'plain-400.html', 'svg', false, 480);
  } finally {
    await browser.close();
  }
})().catch(e => { console.error(e.stack); process.exit(1); });
