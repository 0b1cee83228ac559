import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiShop, type ApiShop } from '../api-shop.ts';
import { logIn, look } from './browser.ts';
import { held, queued, running, silent } from './furnished.ts';

const script = `document.title='owned'`;
const html = `"><img src=x onerror="${script}"><script>${script}</script><a href="javascript:${script}">x</a>`;
// What turns the direction of writing, and what takes no room.
const marks = '\u202egnp.exe\u202c\u200b\u2066';
const hostile = `${html}${marks}`;
// Sets the title of a window, makes a link, and names a part of the page that is loaded from elsewhere.
const escapes = `\u001b]0;owned\u0007\u001b]8;;javascript:${script}\u0007link\u001b]8;;\u0007\u001b]1337;File=inline=1:http://evil.example/x\u0007`;

/** A build with hostile text wherever a client, a template or a guest may write some. */
const hostileHeld = async (shop: ApiShop) => {
  const change = {
    template: { name: 'openbsd', description: hostile, [hostile]: [hostile] },
    variables: { [hostile]: hostile, url: `javascript:${script}` },
    labels: { x: hostile, [hostile]: 'y', url: `javascript:${script}` },
    plan: [{ name: hostile, phase: 'booting' as const, timeoutMs: 1000, about: hostile }],
  };
  const fault = { ...silent(hostile), expected: hostile, saw: hostile, console_tail: hostile, title: hostile };
  const id = await held(shop, change, fault);
  await shop.write(shop.folders.console(id), `${hostile}\r\n${escapes}\r\n`);
  await shop.write(shop.folders.log(id), `${hostile}\n${escapes}\n`);
  return id;
};

/** A good build whose artifacts and events are hostile. */
const hostileGood = async (shop: ApiShop) => {
  const { id, token, seq } = await running(shop, { template: { name: 'openbsd' } });
  await shop.store.event(id, 'console.heard', { pattern: hostile, text: hostile, afterMs: 1 }, token);
  await shop.store.event(id, 'layer.not_kept', { step: 'install', why: hostile }, token);
  await shop.store.endStep(id, token, seq);
  await shop.write(shop.folders.console(id), `first\r\n${hostile}\r\nthen\r\n`);
  const artifact = { name: 'x<img>&".raw', mediaType: `text/html${hostile}`, size: 1, sha256: 'ab'.repeat(32) };
  await shop.store.finish(id, token, { status: 'succeeded', artifacts: [artifact] });
  return id;
};

test('hostile text shows as text, runs nothing and asks no host, wherever it stands', async (t) => {
  await using shop = await apiShop();
  const { url } = await shop.listen();
  const good = await hostileGood(shop);
  const bad = await hostileHeld(shop);
  const { id: named } = await queued(shop, { templateName: hostile, requestedBy: hostile });
  await shop.store.cancel(named, { by: hostile, reason: hostile });
  await using looked = await look(url);
  const { page } = looked;
  await logIn(page, shop.auth);

  /** Goes there, waits for text that must be seen, and proves that nothing came of it. */
  const shows = async (place: string, text: string, where = 'main') => {
    await page.goto(`${url}/#/${place}`);
    await page.locator(where).filter({ hasText: text }).first().waitFor();
    assert.equal(await page.locator('img, script:not([type=module]), iframe, object, embed').count(), 0);
    assert.equal(await page.locator('a[href^="javascript:" i]').count(), 0);
    assert.doesNotMatch(await page.title(), /^owned/);
  };

  await t.test('on the list', () => shows('builds', `x=${html}`));
  await t.test('what turns the direction of writing is named', () =>
    shows('builds', '<U+202E>gnp.exe<U+202C><U+200B>'),
  );
  await t.test('in the fault', () => shows(`builds/${bad}/steps`, html, '.fault'));
  await t.test('in the plan and the time line', () => shows(`builds/${bad}/steps`, html, '.timeline'));
  await t.test('in the input', () => shows(`builds/${bad}/input`, html, '[role=tabpanel]'));
  await t.test('in the events', () => shows(`builds/${good}/events`, 'onerror=', '.events'));
  await t.test('in the log', () => shows(`builds/${bad}/log`, html, '[role=log]'));
  await t.test('in the artifacts', () => shows(`builds/${good}/artifacts`, `text/html${html}`));
  await t.test('in the console, which loads nothing', () =>
    shows(`builds/${bad}/console`, '<img src=x', '.xterm-rows'),
  );
  await t.test('in the conversation', () => shows(`builds/${good}/console`, html, '.turns'));
  await t.test('where builds are compared', async () => {
    await shows(`compare?a=${good}&b=${bad}`, html, '.differences');
    await shows(`compare?a=${good}&b=${bad}`, html, '.consoles');
  });
  await t.test('in the statistics', () => shows('statistics', html, '.figures'));
  looked.proveQuiet();
});
