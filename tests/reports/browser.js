/* SPDX-License-Identifier: GPL-3.0-or-later */
/* browser.js CHROMIUM FOLDER - the pages of test_pages.c in a browser, used as a person uses them
 *
 * With SHOTS=FOLDER in the environment it leaves pictures there. */
'use strict';
const assert = require('assert'), path = require('path'), {pathToFileURL} = require('url');
const {open} = require('./chromium.js');
const [, , program, folder] = process.argv;

/* Where the dots of the front are, whichever library drew them: [{id, x, y}], only those that the mouse can reach. */
function dots() {
  document.getElementById('front-chart').scrollIntoView({block: 'center', behavior: 'instant'});
  const found = [];
  for (const e of document.querySelectorAll('#front-chart circle, #front-chart path')) {
    const item = e.__data__, id = e.dataset.id !== undefined ? e.dataset.id : item && item.datum && item.datum.id;
    if (id === undefined || id === null) continue;
    const r = e.getBoundingClientRect(), x = r.left + r.width / 2, y = r.top + r.height / 2;
    const top = document.elementFromPoint(x, y);
    if (r.width && top === e) found.push({id: Number(id), x, y, size: r.width});
  }
  return found;
}
const drawn = () => document.querySelectorAll('#front-chart svg').length === 1;
const trialOf = id => JSON.parse(document.getElementById('data').textContent).trials.find(t => t.id === id);
const digits = text => text.replace(/[^0-9.]/g, '');

async function tooltip(p) {
  await p.until('the chart', drawn);
  const at = (await p.until('dots', dots)).filter(d => d.size > 8);
  assert(at.length >= 5, 'front members can be reached by the mouse');
  for (const d of [at[0], at[at.length - 1]]) {
    await p.move({x: 3, y: 3});
    await p.until('no tooltip', () => document.getElementById('tip').hidden);
    await p.move(d);
    await p.until('the tooltip', id => { const t = document.getElementById('tip'); return !t.hidden && t.textContent.includes(`Trial ${id}`); }, d.id);
    const said = await p.run(() => Object.fromEntries([...document.querySelectorAll('#tip dt')].map(e => [e.textContent, e.nextElementSibling.textContent])));
    const t = await p.run(trialOf, d.id);
    assert.strictEqual(said['validation error'], (100 * t.metrics.error).toFixed(2) + ' %');
    assert.strictEqual(digits(said.MACs), String(t.metrics.macs));
    assert.strictEqual(digits(said['model size']), String(t.metrics.model_bytes));
    const genome = await p.run(() => document.querySelector('#tip .genome').textContent);
    assert.strictEqual(genome, t.genome);
    const box = await p.run(() => { const r = document.getElementById('tip').getBoundingClientRect(); return [r.left, r.top, innerWidth - r.right, innerHeight - r.bottom]; });
    assert(Math.min(...box) >= 0, 'the tooltip stays in the window');
  }
}

async function clickDot(p) {
  const at = (await p.run(dots)).filter(d => d.size > 8);
  const d = at.reduce((a, b) => b.x < a.x ? b : a);
  await p.click(d);
  await p.until('the selected trial', id => document.querySelector('#detail-body b').textContent === `Trial ${id}`, d.id);
  assert(await p.until('its row', id => { const r = document.querySelector(`#trials tr[data-id="${id}"]`); return !r || r.getAttribute('aria-selected') === 'true'; }, d.id));
  await p.until('the chart', drawn);
  await p.run(() => document.getElementById('front-chart').focus());
  await p.key('ArrowRight', 39);
  await p.until('the next trial', id => document.querySelector('#detail-body b').textContent !== `Trial ${id}`, d.id);
}

async function axes(p) {
  await p.until('the chart', drawn);
  const before = new Map((await p.until('dots', dots)).map(d => [d.id, d]));
  const was = await p.run(() => document.getElementById('axis-x').value);
  await p.run(() => document.getElementById('axis-x').focus());
  await p.key('ArrowDown', 40);
  const now = await p.until('another metric', w => { const v = document.getElementById('axis-x').value; return v !== w && v; }, was);
  const title = await p.run(name => JSON.parse(document.getElementById('data').textContent).metrics.find(m => m.name === name).axis, now);
  await p.until(`the axis says ${title}`, t => document.getElementById('front-chart').textContent.includes(t), title);
  const after = await p.until('dots', dots);
  assert(after.some(d => before.has(d.id) && Math.abs(before.get(d.id).x - d.x) > 3), 'dots moved');
  /* a log scale moves them again, a click on the box with the mouse */
  const log = await p.run(() => document.getElementById('log-x').checked);
  await p.click(await p.middle('#log-x'));
  await p.until('the box', l => document.getElementById('log-x').checked !== l, log);
  const moved = await p.until('dots', dots), place = new Map(after.map(d => [d.id, d]));
  assert(moved.some(d => place.has(d.id) && Math.abs(place.get(d.id).x - d.x) > 3), 'the scale changed');
  await p.run(() => document.getElementById('axis-x').focus());
  await p.key('ArrowUp', 38);
  await p.until('the first metric', w => document.getElementById('axis-x').value === w, was);
}

async function table(p) {
  const order = () => [...document.querySelectorAll('#trials tbody tr[data-id]')].map(r => Number(r.dataset.id));
  await p.click(await p.middle('#trials th button', 'MACs'));
  await p.until('ascending', () => document.querySelector('#trials th[data-key=macs]').getAttribute('aria-sort') === 'ascending');
  const macs = await p.run(() => Object.fromEntries(JSON.parse(document.getElementById('data').textContent).trials.map(t => [t.id, t.metrics.macs])));
  let ids = await p.run(order);
  assert(ids.length > 10);
  for (let i = 1; i < ids.length; i++) assert(macs[ids[i - 1]] <= macs[ids[i]], 'ascending');
  await p.click(await p.middle('#trials th button', 'MACs'));
  ids = await p.run(order);
  for (let i = 1; i < ids.length; i++) assert(macs[ids[i - 1]] >= macs[ids[i]], 'descending');
  for (const id of [ids[0], ids[3]]) {
    await p.click(await p.middle(`#trials tr[data-id="${id}"] td`));
    await p.until('the selected trial', i => document.querySelector('#detail-body b').textContent === `Trial ${i}`, id);
    const t = await p.run(trialOf, id);
    const boxes = await p.run(() => document.querySelectorAll('#detail-body svg.net rect.box').length);
    const weighted = t.blocks.layers.filter(l => ['conv2d', 'depthwise_conv2d', 'dense'].includes(l.op)).length;
    assert(boxes >= weighted && boxes <= t.blocks.layers.length, `${boxes} boxes for ${t.blocks.layers.length} layers`);
    assert(await p.run(i => document.querySelector(`.strip[data-id="${i}"]`).getAttribute('aria-pressed') === 'true', id), 'its strip');
  }
  await p.click(await p.middle('#tab-all'));
  await p.click(await p.middle('#find'));
  await p.type('hostile');
  const text = await p.until('the hostile trial', () => { const r = document.querySelectorAll('#trials tbody tr'); return r.length === 1 && r[0].textContent; });
  assert(text.includes('</script><script>alert(1)</script><!-- "quoted", \'single\' & \u00e9 \u2028 \ufffd end'), text);
  await p.click(await p.middle('#trials tbody tr td'));
  await p.until('it is selected', () => document.querySelector('#detail-body b').textContent === 'Trial 100');
  assert(await p.run(() => document.querySelectorAll('#detail-body script').length === 0));
}

async function strips(p) {
  await p.middle('#networks');
  const n = await p.until('strips', () => document.querySelectorAll('.strip svg.net').length);
  assert(n >= 3);
  await p.click(await p.middle('.strip:nth-child(2) .head'));
  await p.until('a strip is selected', () => document.querySelector('.strip:nth-child(2)').getAttribute('aria-pressed') === 'true');
}

/* A description with fields absent or of another type is drawn as far as it goes. */
async function odd_blocks(p) {
  await p.run(() => {
    const odd = [null, {}, {layers: 'no'}, {layers: [null, 5, {}, {op: 'conv2d'}, {op: 'relu', inputs: 'x'}, {op: 'add', inputs: ['gone', null], out: 'no', macs: '1'}]},
      {input: [8], layers: [{name: 'a', op: '<b>', out: [1, 1, 4], block: {}, params: -1, weight_bits: null}]}];
    for (const b of odd) { networks.strip(b); const e = document.createElement('div'); networks.layers(e, b); if (e.querySelector('b')) throw new Error('HTML'); if (/NaN|undefined/.test(e.innerHTML)) throw new Error(e.innerHTML); }
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
  const url = pathToFileURL(path.join(folder, name)).href;
  await p.goto(url);
  await p.until('the chart', drawn);
  const found = await p.run(() => window.charts.kind);
  assert(found === kind || (kind === 'vega' && found === 'svg'), `charts by ${found}`);
  if (process.env.SHOTS) await p.shot(path.join(process.env.SHOTS, `${name}-${width}-${dark ? 'dark' : 'light'}.png`), false);
  assert(await p.run(() => document.documentElement.scrollWidth <= innerWidth), 'the page is no wider than the window');
  await themes(p, dark);
  await tooltip(p);
  await clickDot(p);
  await axes(p);
  await strips(p);
  await table(p);
  await odd_blocks(p);
  const pdf = await p.send('Page.printToPDF', {printBackground: true});
  assert(pdf.data.length > 20000, 'it prints');
  assert.deepStrictEqual(p.troubles, []);
  assert.deepStrictEqual(p.requests.filter(r => r !== url), []);
  await p.close();
  console.log(`ok: ${name}, ${found}, ${dark ? 'dark' : 'light'}, ${width} px`);
}

/* Runs with no trial, one and two, and many, open without a complaint. */
async function opens(browser, name) {
  const p = await browser.page({width: 1000, height: 800, dark: false});
  const url = pathToFileURL(path.join(folder, name)).href;
  await p.goto(url);
  await p.until('the page', () => document.querySelector('#made dl') !== null);
  assert(await p.run(() => document.getElementById('title').textContent === 'digits'));
  assert.deepStrictEqual(p.troubles, [], name);
  assert.deepStrictEqual(p.requests.filter(r => r !== url), [], name);
  await p.close();
  console.log(`ok: ${name} opens`);
}

(async () => {
  const browser = open(program);
  try {
    for (const n of [0, 1, 2]) for (const kind of ['sample', 'plain']) await opens(browser, `${kind}-${n}.html`);
    await opens(browser, 'sample-12000.html');
    await check(browser, 'sample-400.html', 'vega', false, 1280);
    await check(browser, 'plain-400.html', 'svg', true, 1280);
    await check(browser, 'sample-400.html', 'vega', true, 480);
    await check(browser, 'plain-400.html', 'svg', false, 480);
  } finally {
    await browser.close();
  }
})().catch(e => { console.error(e.stack); process.exit(1); });
