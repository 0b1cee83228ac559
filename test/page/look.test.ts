import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { test } from 'node:test';
import { top } from '../../src/base/package.ts';
import { apiShop } from '../api-shop.ts';
import { logIn, look, viewThere } from './browser.ts';
import { failed, held, queued, running, succeed } from './furnished.ts';

const furnished = async () => {
  const shop = await apiShop();
  const { url } = await shop.listen();
  const done = await running(shop);
  await succeed(shop, done);
  const ids = {
    succeeded: done.id,
    failed: await failed(shop),
    held: await held(shop),
    running: (await running(shop)).id,
  };
  await queued(shop);
  for (const memory of ['128M', '256M'])
    await shop.store.putTemplate('openbsd', { name: 'openbsd', machine: { memory } }, memory);
  return { shop, url, ids, [Symbol.asyncDispose]: () => shop[Symbol.asyncDispose]() };
};

const placesOf = ({
  succeeded,
  failed: broken,
  held: kept,
  running: busy,
}: Awaited<ReturnType<typeof furnished>>['ids']) => [
  'builds',
  `builds/${busy}/steps`,
  `builds/${busy}/log`,
  `builds/${broken}/input`,
  `builds/${broken}/events`,
  `builds/${kept}/console`,
  `builds/${succeeded}/artifacts`,
  `compare?a=${succeeded}&b=${broken}`,
  'statistics',
  'new/openbsd',
  'templates',
  'templates/openbsd/versions',
  'templates/openbsd/diff',
  'runs',
  'host',
];

for (const colorScheme of ['light', 'dark'] as const)
  test(`axe-core finds no barrier in any view, ${colorScheme}`, async () => {
    await using there = await furnished();
    await using looked = await look(there.url, { colorScheme });
    const { page } = looked;
    await logIn(page, there.shop.auth);
    assert.equal(await page.evaluate('document.documentElement.dataset.theme'), colorScheme);
    for (const place of placesOf(there.ids)) {
      await page.goto(`${there.url}/#/${place}`);
      await viewThere(page);
      await looked.proveAccessible();
    }
    looked.proveQuiet();
  });

test('on a screen of 360 pixels nothing is wider than the screen, but for tables that scroll by themselves', async () => {
  await using there = await furnished();
  await using looked = await look(there.url, { viewport: { width: 360, height: 740 } });
  const { page } = looked;
  await logIn(page, there.shop.auth);
  for (const place of placesOf(there.ids)) {
    await page.goto(`${there.url}/#/${place}`);
    await viewThere(page);
    assert.ok(Number(await page.evaluate('document.documentElement.scrollWidth')) <= 360, place);
  }
});

test('the colours can be chosen, and stay chosen', async () => {
  await using there = await furnished();
  await using looked = await look(there.url, { colorScheme: 'light' });
  const { page } = looked;
  await logIn(page, there.shop.auth);
  await page.getByLabel('Colours').selectOption('dark');
  await page.reload();
  await page.getByRole('heading', { name: 'Builds' }).waitFor();
  assert.equal(await page.evaluate('document.documentElement.dataset.theme'), 'dark');
});

test('from the list to the console of a build it goes by keyboard alone', async () => {
  await using there = await furnished();
  await using looked = await look(there.url);
  const { page } = looked;
  await logIn(page, there.shop.auth);
  await page.locator(`a.build[href="#/builds/${there.ids.failed}"]`).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('tab', { name: 'Steps' }).focus();
  await page.keyboard.press('ArrowRight');
  await page.locator('.xterm-rows').waitFor();
  assert.equal(await page.evaluate('document.activeElement.id'), 'tab-console');
});

test('the page comes to less than 300 KB, compressed, and its first view to less than 40', async () => {
  const folder = new URL('dist/page/', top);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.gz'));
  const sizes = await Promise.all(
    names.map(async (name) => ({ name, size: (await stat(new URL(name, folder))).size })),
  );
  const sum = (of: readonly { readonly size: number }[]) => of.reduce((whole, { size }) => whole + size, 0);
  assert.ok(sum(sizes) < 300_000, `${sum(sizes)} bytes`);
  // What the page names is what a browser loads before it shows anything.
  const index = await readFile(new URL('index.html', folder), 'utf8');
  const first = sizes.filter(
    ({ name }) => name === 'index.html.gz' || index.includes(`page/${name.slice(0, -'.gz'.length)}"`),
  );
  assert.ok(first.length > 3 && sum(first) < 40_000, `${sum(first)} bytes in ${first.length} files`);
});
