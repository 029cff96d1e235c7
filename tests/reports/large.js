/* SPDX-License-Identifier: GPL-3.0-or-later */
/* large.js CHROMIUM PAGE - a page of 100,000 trials works as a small one does; how long it takes is printed and not judged */
'use strict';
const assert = require('assert'), {pathToFileURL} = require('url');
const {open} = require('./chromium.js');
const [, , program, file] = process.argv;

async function use(p) {
  const now = () => p.run(() => performance.now());
  const time = async (what, f) => { const t = await now(); await f(); console.log(`${what}: ${Math.round(await now() - t)} ms`); };
  assert.strictEqual(await p.run(() => ashlar.data.n), 100000);
  const area = await p.run(() => { document.getElementById('front-chart').scrollIntoView({block: 'center', behavior: 'instant'}); const r = document.getElementById('front-canvas').getBoundingClientRect(); return {x: r.left, y: r.top, w: r.width, h: r.height}; });
  const at = (x, y) => ({x: area.x + x * area.w, y: area.y + y * area.h});
  await time('a rectangle in the front', async () => {
    await p.drag(at(0.4, 0.3), at(0.8, 0.9));
    await p.until('a selection', () => !document.getElementById('selection').hidden);
  });
  const [said, counted] = await p.run(() => {
    const [x, y] = ['x', 'y'].map(k => [ashlar.data.column(ashlar.state[k]), ashlar.state.ranges.get(ashlar.state[k])]);
    let n = 0;
    for (let i = 0; i < ashlar.data.n; i++) n += [x, y].every(([v, r]) => v[i] >= r[0] && v[i] <= r[1]);
    return [Number(document.getElementById('selected-count').textContent.replace(/\D/g, '')), n];
  });
  assert.strictEqual(said, counted);
  assert(said > 1000 && said < 100000, `${said} in the rectangle`);
  await p.run(() => ashlar.clearSelection());
  await p.until('no selection', () => document.getElementById('selection').hidden);
  await p.click(await p.middle('#tab-all'));
  await p.until('all trials', () => document.getElementById('trials').getAttribute('aria-rowcount') === '100001');
  await time('sorting', async () => {
    await p.click(await p.middle('#trials th[data-key=macs] button'));
    await p.until('sorted', () => document.querySelector('#trials th[data-key=macs]').getAttribute('aria-sort') === 'ascending');
  });
  assert(await p.run(() => document.querySelectorAll('#trials tbody tr').length) < 80);
  await p.click(await p.middle('#trials tr[data-at="0"] td'));
  await p.key('End', 35);
  await p.until('the last row', () => document.activeElement.dataset && document.activeElement.dataset.at === '99999');
  const last = await p.run(() => Number(document.activeElement.dataset.id));
  await p.key('Enter', 13);
  await p.until('its details', id => document.querySelector('#detail-body b').textContent === `Trial ${id}`, last);
}

(async () => {
  const browser = open(program);
  try {
    const url = pathToFileURL(file).href;
    let p;
    for (const when of ['in a browser that has just started', 'in a browser that runs']) {
      if (p) await p.close();
      p = await browser.page({width: 1280, height: 900, dark: false});
      await p.send('Performance.enable', {timeDomain: 'threadTicks'});
      const from = Date.now();
      await p.goto(url);
      await p.until('the page', () => window.ashlar && window.ashlar.ready);
      const there = Date.now() - from;
      await p.until('the line charts', () => window.ashlar.charts && document.querySelector('#hv-chart svg, #hv-chart canvas'));
      const cpu = (await p.send('Performance.getMetrics')).metrics.find(m => m.name === 'TaskDuration').value;
      console.log(`${when}: ${there} ms until it can be used, ${Date.now() - from} ms with line charts; processor time of its main thread ${Math.round(1000 * cpu)} ms`);
    }
    await use(p);
    assert.deepStrictEqual(p.troubles, []);
    assert.deepStrictEqual(p.requests.filter(r => r !== url), []);
  } finally {
    await browser.close();
  }
})().catch(e => { console.error(e.stack); process.exit(1); });
