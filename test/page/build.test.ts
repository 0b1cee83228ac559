import assert from 'node:assert/strict';
import { appendFile, readFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { apiShop } from '../api-shop.ts';
import { untilTrue } from '../fixtures/until-true.ts';
import { aFault } from '../store-shop.ts';
import { logIn, look, type Look } from './browser.ts';
import { failed, held, queued, running, succeed } from './furnished.ts';

const shopWithPage = async () => {
  const shop = await apiShop();
  const { url } = await shop.listen();
  return { shop, url, [Symbol.asyncDispose]: () => shop[Symbol.asyncDispose]() };
};

const open = async ({ page }: Look, url: string, auth: { readonly authorization: string }, place: string) => {
  await logIn(page, auth);
  await page.goto(`${url}/#/builds/${place}`);
};

/** The text of the terminal, as a screen reader has it. */
const screenHas = (page: Look['page'], text: string) => page.locator('.xterm-rows').filter({ hasText: text }).waitFor();

test('a build is watched to its end: steps, console, artifact and digest', async () => {
  await using served = await shopWithPage();
  const { shop, url } = served;
  const build = await running(shop);
  await using looked = await look(url);
  const { page } = looked;
  await open(looked, url, shop.auth, `${build.id}/console`);
  await screenHas(page, 'Installing base79.tgz');
  await appendFile(shop.folders.console(build.id), 'CONGRATULATIONS! Your OpenBSD install\r\n');
  shop.growth.grew(shop.folders.console(build.id));
  await screenHas(page, 'CONGRATULATIONS!');
  await page.getByRole('tab', { name: 'Steps' }).click();
  await page.getByRole('row').filter({ hasText: 'install' }).filter({ hasText: 'running' }).waitFor();
  const content = 'the disk of the image';
  const { sha256 } = await succeed(shop, build, content);
  await page.getByText('succeeded', { exact: true }).waitFor();
  await page.getByRole('tab', { name: 'Artifacts' }).click();
  await page.getByText(sha256).waitFor();
  const downloading = page.waitForEvent('download');
  await page.getByRole('link', { name: 'openbsd-7.9.qcow2' }).click();
  const path = await (await downloading).path();
  assert.equal(
    createHash('sha256')
      .update(await readFile(path))
      .digest('hex'),
    sha256,
  );
  looked.proveQuiet();
});

test('a fault is told: what failed, expected, saw, the console’s last lines, and what to do', async () => {
  await using served = await shopWithPage();
  const { shop, url } = served;
  const id = await failed(shop);
  await using looked = await look(url);
  const { page } = looked;
  await open(looked, url, shop.auth, id);
  const story = page.getByRole('region', { name: 'Why it failed' });
  const told = (await story.textContent()) ?? '';
  for (const part of [
    'Awaited text did not come on the console, in install',
    'did not come within 120 s',
    'login: ',
    'panic: mtx',
    'ddb{0}>',
    'mend the template',
  ])
    assert.ok(told.includes(part), `${part} is missing in ${told}`);
  looked.proveQuiet();
});

test('the turns of the conversation are marked on the console, and each leads to its line', async () => {
  await using served = await shopWithPage();
  const { shop, url } = served;
  const { id, token } = await running(shop);
  await using looked = await look(url);
  const { page } = looked;
  await open(looked, url, shop.auth, `${id}/console`);
  const turns = page.getByRole('region', { name: 'The conversation' }).getByRole('listitem');
  await untilTrue(async () => (await turns.count()) === 4);
  assert.deepEqual(await turns.allTextContents(), [
    'heard (S)hell? ',
    'said A\r',
    'heard Response file location? ',
    'said http://100.64.0.2/install.conf\r',
  ]);
  await shop.store.event(id, 'console.said', { text: 'later\r', typedTimes: 1 }, token);
  await turns.filter({ hasText: 'later' }).waitFor();
  await untilTrue(async () => (await page.locator('.turn-mark').count()) === 5);
  await turns.filter({ hasText: '(S)hell' }).getByRole('button').click();
  looked.proveQuiet();
});

test('what was refused is marked on the console, and what was taken from layers and kept on the timeline', async () => {
  await using served = await shopWithPage();
  const { shop, url } = served;
  const { id, token } = await running(shop);
  const { event } = shop.store;
  await event(id, 'layer.awaited', { step: 'fetch-sets', key: 'k' }, token);
  await event(
    id,
    'layer.hit',
    { ...{ step: 'boot', key: 'k', kind: 'disk', build: 'OTHER' }, savedSeconds: 61 },
    token,
  );
  await event(id, 'layer.missed', { step: 'provision-1', key: 'k', why: 'file packages.sh has changed' }, token);
  await event(id, 'console.refused', { pattern: 'base\\d+', text: 'base79' }, token);
  await using looked = await look(url);
  const { page } = looked;
  await open(looked, url, shop.auth, `${id}/steps`);
  await page.getByText('went on from what build OTHER had made up to boot: 1:01 saved').waitFor();
  const row = (name: string) => page.getByRole('row').filter({ has: page.getByRole('rowheader', { name }) });
  await row('boot').getByText('taken from a layer up to here').waitFor();
  assert.match((await row('boot').textContent()) ?? '', /taken$/);
  await row('fetch-sets').getByText('waited for another build').waitFor();
  await row('provision-1').getByText('no layer from here on: file packages.sh has changed').waitFor();
  await page.getByRole('tab', { name: 'Console' }).click();
  await page.locator('.turn-refused').filter({ hasText: 'base79' }).waitFor();
  await page.locator('.turn-mark-refused').waitFor();
  looked.proveQuiet();
});

test('what is typed at a held build reaches its console, in its order; at another nothing is typed', async () => {
  await using served = await shopWithPage();
  const { shop, url } = served;
  const id = await held(shop);
  await using looked = await look(url);
  const { page } = looked;
  await open(looked, url, shop.auth, `${id}/console`);
  await page.getByText('what you type goes to its console').waitFor();
  await screenHas(page, 'Installing base79.tgz');
  await page.locator('.screen').click();
  await page.keyboard.type('dmesg | tail');
  await page.keyboard.press('Enter');
  await untilTrue(() => shop.typed.map(({ text }) => text).join('') === 'dmesg | tail\r');
  looked.proveQuiet();
});

test('a build is cancelled from the page, after it was asked whether that is meant', async () => {
  await using served = await shopWithPage();
  const { shop, url } = served;
  const { id } = await queued(shop);
  await using looked = await look(url);
  const { page } = looked;
  await open(looked, url, shop.auth, id);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Stay' }).click();
  assert.equal((await shop.store.find(id))?.status, 'queued');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' }).click();
  await page.locator('.status', { hasText: 'cancelled' }).waitFor();
  assert.equal((await shop.store.find(id))?.status, 'cancelled');
  looked.proveQuiet();
});

test('a build that has ended is pinned and deleted from the page, which shows what became of it', async () => {
  await using served = await shopWithPage();
  const { shop, url } = served;
  const id = await failed(shop);
  await using looked = await look(url);
  const { page } = looked;
  await open(looked, url, shop.auth, id);
  await page.getByRole('button', { name: 'Pin', exact: true }).click();
  await page.getByText('Pinned by').waitFor();
  await page.getByRole('button', { name: 'Unpin' }).click();
  await page.getByRole('button', { name: 'Pin', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('heading', { name: 'Builds' }).waitFor();
  assert.equal(await shop.store.find(id), undefined);
  looked.proveQuiet();
});

test('a log is followed as it is written', async () => {
  await using served = await shopWithPage();
  const { shop, url } = served;
  const { id } = await running(shop);
  await using looked = await look(url);
  const { page } = looked;
  await open(looked, url, shop.auth, `${id}/log`);
  const log = page.getByRole('log');
  await log.filter({ hasText: 'the guest boots' }).waitFor();
  await appendFile(shop.folders.log(id), 'and another line\n');
  shop.growth.grew(shop.folders.log(id));
  await log.filter({ hasText: 'and another line' }).waitFor();
  looked.proveQuiet();
});

test('who asks for it is told that a build has failed while the page is not seen', async () => {
  await using served = await shopWithPage();
  const { shop, url } = served;
  const { id, token } = await running(shop);
  await using looked = await look(url, { permissions: ['notifications'] });
  const { page } = looked;
  await open(looked, url, shop.auth, id);
  // The browser of a test shows nothing: what would be shown is noted.
  await page.evaluate(`(() => {
    const told = (globalThis.told = []);
    globalThis.Notification = class { static requestPermission = async () => 'granted'; constructor(title, { body }) { told.push([title, body]); } };
  })()`);
  const button = page.getByRole('button', { name: 'Tell me' });
  await button.click();
  await page.locator('button[aria-pressed=true]', { hasText: 'Tell me' }).waitFor();
  await looked.proveAccessible();
  await page.evaluate(`(() => {
    Object.defineProperty(document, 'hidden', { value: true });
    document.dispatchEvent(new Event('visibilitychange'));
  })()`);
  await shop.store.finish(id, token, { status: 'failed', fault: aFault('provisioner_failed') });
  // What is evaluated goes around the page's policy; what waits in the page would not.
  await untilTrue(async () => (await page.evaluate<number>('globalThis.told.length')) > 0);
  const [told] = await page.evaluate<[string, string][]>('globalThis.told');
  assert.equal(told?.[0], 'openbsd: failed');
  assert.equal(told[1], aFault('provisioner_failed').message);
  looked.proveQuiet();
});
