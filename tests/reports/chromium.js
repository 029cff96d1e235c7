/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chromium.js - headless Chromium over its debugging pipe, without any package
 *
 * open(program) starts it; browser.page({width, height, dark}) gives a page with real mouse and keyboard events. Everything that the
 * page complains about or asks the network for is collected in page.troubles and page.requests. Works with Node 18. */
'use strict';
const {spawn} = require('child_process');
const fs = require('fs'), os = require('os'), path = require('path');

const TIMEOUT_MS = 60000;

function open(program) {
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'ashlar-chromium-'));
  const options = ['--headless', '--remote-debugging-pipe', '--disable-gpu', '--disable-dev-shm-usage', '--hide-scrollbars', '--no-first-run',
    '--disable-extensions', '--disable-background-networking', '--disable-component-update', '--disable-sync', `--user-data-dir=${profile}`];
  if (process.getuid() === 0) options.push('--no-sandbox');
  const child = spawn(program, options, {stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe']});
  const waiting = new Map(), listeners = new Map();
  let last = 0, rest = Buffer.alloc(0), gone = null;
  const ended = new Promise(resolve => child.on('exit', resolve));
  const fail = e => { gone = e; for (const w of waiting.values()) w.reject(e); waiting.clear(); };
  child.on('error', fail);
  child.on('exit', code => fail(new Error(`${program} ended with status ${code}`)));
  child.stdio[3].on('error', () => {});
  child.stdio[4].on('data', chunk => {
    rest = Buffer.concat([rest, chunk]);
    for (let end; (end = rest.indexOf(0)) >= 0; rest = rest.subarray(end + 1)) {
      const m = JSON.parse(rest.subarray(0, end).toString());
      if (m.id && waiting.has(m.id)) {
        const w = waiting.get(m.id);
        waiting.delete(m.id);
        if (m.error) w.reject(new Error(`${w.method}: ${m.error.message}`)); else w.resolve(m.result);
      } else if (m.method && listeners.has(m.sessionId)) {
        listeners.get(m.sessionId)(m.method, m.params);
      }
    }
  });
  function send(method, params, sessionId) {
    if (gone) return Promise.reject(gone);
    return new Promise((resolve, reject) => {
      const id = ++last, timer = setTimeout(() => { waiting.delete(id); reject(new Error(`${method}: no answer`)); }, TIMEOUT_MS);
      const done = f => v => { clearTimeout(timer); f(v); };
      waiting.set(id, {method, resolve: done(resolve), reject: done(reject)});
      child.stdio[3].write(JSON.stringify({id, method, params: params || {}, sessionId}) + '\0');
    });
  }
  async function close() {
    await send('Browser.close').catch(() => {});
    const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
    await ended;
    clearTimeout(timer);
    fs.rmSync(profile, {recursive: true, force: true, maxRetries: 5, retryDelay: 100});
  }
  return {send, listeners, close, page: o => page({send, listeners}, o)};
}

async function page(browser, {width, height, dark}) {
  const {targetId} = await browser.send('Target.createTarget', {url: 'about:blank'});
  const {sessionId} = await browser.send('Target.attachToTarget', {targetId, flatten: true});
  const send = (method, params) => browser.send(method, params, sessionId);
  const self = {troubles: [], requests: [], send};
  let loaded = () => {};
  browser.listeners.set(sessionId, (method, p) => {
    if (method === 'Runtime.exceptionThrown') self.troubles.push(p.exceptionDetails.exception ? p.exceptionDetails.exception.description : p.exceptionDetails.text);
    if (method === 'Runtime.consoleAPICalled' && ['error', 'warning', 'assert'].includes(p.type)) self.troubles.push(p.args.map(a => a.value || a.description).join(' '));
    if (method === 'Log.entryAdded' && ['error', 'warning'].includes(p.entry.level)) self.troubles.push(`${p.entry.source}: ${p.entry.text}`);
    if (method === 'Page.javascriptDialogOpening') { self.troubles.push(`dialog: ${p.message}`); send('Page.handleJavaScriptDialog', {accept: true}).catch(() => {}); }
    if (method === 'Network.requestWillBeSent' && !p.request.url.startsWith('data:')) self.requests.push(p.request.url);
    if (method === 'Page.loadEventFired') loaded();
  });
  for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await send(`${domain}.enable`);
  await send('Emulation.setDeviceMetricsOverride', {width, height, deviceScaleFactor: 1, mobile: false});
  await send('Emulation.setEmulatedMedia', {features: [{name: 'prefers-color-scheme', value: dark ? 'dark' : 'light'}]});

  self.goto = async url => {
    const there = new Promise(resolve => { loaded = resolve; });
    await send('Page.navigate', {url});
    await there;
  };
  /* f runs in the page; its arguments and result are JSON. */
  self.run = async (f, ...args) => {
    const r = await send('Runtime.evaluate', {expression: `(${f})(...${JSON.stringify(args)})`, awaitPromise: true, returnByValue: true});
    if (r.exceptionDetails) throw new Error(r.exceptionDetails.exception ? r.exceptionDetails.exception.description : r.exceptionDetails.text);
    return r.result.value;
  };
  /* Until f gives something true; gives that. */
  self.until = async (what, f, ...args) => {
    for (const end = Date.now() + TIMEOUT_MS / 4; Date.now() < end;) {
      const v = await self.run(f, ...args);
      if (v) return v;
      await new Promise(resolve => setTimeout(resolve, 30));
    }
    throw new Error(`waited in vain: ${what}`);
  };
  const mouse = (type, at, more) => send('Input.dispatchMouseEvent', Object.assign({type, x: at.x, y: at.y}, more));
  self.move = at => mouse('mouseMoved', at);
  /* modifiers: 2 is Ctrl, 8 is Shift */
  self.click = async (at, modifiers = 0) => {
    await mouse('mouseMoved', at, {modifiers});
    await mouse('mousePressed', at, {button: 'left', clickCount: 1, buttons: 1, modifiers});
    await mouse('mouseReleased', at, {button: 'left', clickCount: 1, modifiers});
  };
  self.drag = async (from, to) => {
    await mouse('mouseMoved', from);
    await mouse('mousePressed', from, {button: 'left', clickCount: 1, buttons: 1});
    for (let k = 1; k <= 4; k++) await mouse('mouseMoved', {x: from.x + k * (to.x - from.x) / 4, y: from.y + k * (to.y - from.y) / 4}, {button: 'left', buttons: 1});
    await mouse('mouseReleased', to, {button: 'left', clickCount: 1});
  };
  self.key = async (key, code) => {
    const k = {key, code: key === ' ' ? 'Space' : key, windowsVirtualKeyCode: code};
    const text = key === ' ' ? ' ' : key === 'Enter' ? '\r' : undefined; /* a button is pressed by what the key writes */
    await send('Input.dispatchKeyEvent', Object.assign({type: text ? 'keyDown' : 'rawKeyDown', text}, k));
    await send('Input.dispatchKeyEvent', Object.assign({type: 'keyUp'}, k));
  };
  self.type = text => send('Input.insertText', {text});
  /* Scrolls to the first match, or the one with this text, and gives its middle. */
  self.middle = (selector, text = null) => self.run((s, t) => {
    const e = [...document.querySelectorAll(s)].find(x => t === null || x.textContent === t);
    if (!e) throw new Error(`no ${s} ${t || ''}`);
    e.scrollIntoView({block: 'center', behavior: 'instant'});
    const r = e.getBoundingClientRect();
    return {x: r.left + r.width / 2, y: r.top + r.height / 2};
  }, selector, text);
  self.shot = async (file, whole) => {
    const r = await send('Page.captureScreenshot', {format: 'png', captureBeyondViewport: !!whole});
    fs.writeFileSync(file, Buffer.from(r.data, 'base64'));
  };
  self.close = () => browser.send('Target.closeTarget', {targetId});
  return self;
}

module.exports = {open};
