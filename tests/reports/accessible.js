/* SPDX-License-Identifier: GPL-3.0-or-later */
/* accessible.js CHROMIUM FOLDER - the pages of test_pages.c under axe-core, which stands in FOLDER/node_modules
 *
 * Each page as it opens, with a selection, and with what is not there at first: an error of the picker, an empty selection. */
'use strict';
const assert = require('assert'), fs = require('fs'), path = require('path'), {pathToFileURL} = require('url');
const {open} = require('./chromium.js');
const [, , program, folder] = process.argv;
const axe = fs.readFileSync(path.join(folder, 'node_modules/axe-core/axe.min.js'), 'utf8');

async function faults(p, what) {
  const {violations, passes} = await p.run(async () => {
    const r = await axe.run(document, {resultTypes: ['violations', 'passes']});
    return {violations: r.violations.map(v => ({id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.map(n => `${n.target}: ${n.any.concat(n.all, n.none).map(c => c.message).join('; ')}`)})),
      passes: r.passes.map(x => x.id)};
  });
  assert(passes.includes('color-contrast') && passes.length > 20, `axe looked at the page: ${passes.length} rules`);
  const bad = violations.filter(v => v.impact === 'serious' || v.impact === 'critical');
  for (const v of violations) console.log(`${what}: ${v.impact}: ${v.id}: ${v.help}\n  ${v.nodes.slice(0, 4).join('\n  ')}`);
  assert.deepStrictEqual(bad.map(v => v.id), [], what);
}

async function check(browser, name, dark, width) {
  const p = await browser.page({width, height: 900, dark}), what = `${name}, ${dark ? 'dark' : 'light'}, ${width} px`;
  await p.goto(pathToFileURL(path.join(folder, name)).href);
  await p.until('the page', () => window.ashlar && window.ashlar.ready && window.ashlar.charts && document.querySelector('#hv-chart svg') !== null);
  await p.send('Runtime.evaluate', {expression: axe});
  await faults(p, what);
  await p.run(() => {
    ashlar.setRange('error', [-Infinity, 0.3]);
    ashlar.setPicked(new Set(ashlar.data.frontRows));
    ashlar.state.pinned = ashlar.data.frontRows.slice(0, 3);
    const e = document.querySelector('#picker-limits input');
    e.value = 'much'; e.dispatchEvent(new Event('change'));
  });
  await p.until('a selection', () => !document.getElementById('selection').hidden);
  await faults(p, `${what}, selection`);
  await p.run(() => ashlar.setRange('error', [-Infinity, 0]));
  await p.until('an empty one', () => document.getElementById('picker-none'));
  await faults(p, `${what}, empty selection`);
  await p.close();
  console.log(`ok: ${what}`);
}

(async () => {
  const browser = open(program);
  try {
    await check(browser, 'sample-400.html', false, 1280);
    await check(browser, 'sample-400.html', true, 1280);
    await check(browser, 'plain-400.html', true, 480);
    await check(browser, 'sample-30.html', false, 480);
  } finally {
    await browser.close();
  }
})().catch(e => { console.error(e.stack); process.exit(1); });
