/** Makes pictures of the main views: `node dist/test/page/screenshots.js FOLDER`. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { argv } from 'node:process';
import { apiShop } from '../api-shop.ts';
import { logIn, look, viewThere } from './browser.ts';
import { failed, held, queued, running, succeed } from './furnished.ts';

const folder = argv[2] ?? 'out/screenshots';
await mkdir(folder, { recursive: true });

await using shop = await apiShop();
const { url } = await shop.listen();
for (const templateName of ['openbsd', 'debian-12', 'openbsd'])
  await succeed(shop, await running(shop, { templateName }));
const broken = await failed(shop, { labels: { team: 'web', ticket: '4711' } });
const done = await running(shop);
await succeed(shop, done, 'x'.repeat(4_000_000));
const kept = await held(shop, { templateName: 'alpine' });
const { id: busy } = await running(shop);
await queued(shop, { templateName: 'debian-12', labels: {} });
for (const memory of ['512M', '1G']) {
  const document = { name: 'openbsd', machine: { memory, disks: [{ size: '8G' }] }, http: {}, install: {} };
  await shop.store.putTemplate('openbsd', document, memory);
}

const places = {
  builds: 'builds',
  failed: `builds/${broken}`,
  running: `builds/${busy}/steps`,
  console: `builds/${busy}/console`,
  held: `builds/${kept}/console`,
  log: `builds/${busy}/log`,
  artifacts: `builds/${done.id}/artifacts`,
  events: `builds/${broken}/events`,
  input: `builds/${broken}/input`,
  new: 'new/openbsd',
  templates: 'templates',
  difference: 'templates/openbsd/diff',
  host: 'host',
  compare: `compare?a=${done.id}&b=${broken}`,
  statistics: 'statistics?template=openbsd',
};

const looks = [
  { name: 'light', options: { colorScheme: 'light' } },
  { name: 'dark', options: { colorScheme: 'dark' } },
  { name: 'narrow', options: { colorScheme: 'light', viewport: { width: 390, height: 844 } } },
] as const;

for (const { name: kind, options } of looks) {
  await using looked = await look(url, options);
  const { page } = looked;
  await page.screenshot({ path: join(folder, `login-${kind}.png`) });
  await logIn(page, shop.auth);
  for (const [name, place] of Object.entries(places)) {
    await page.goto(`${url}/#/${place}`);
    await viewThere(page);
    if (place.startsWith('builds/')) await page.locator('#tab-events .count', { hasNotText: /^0$/ }).waitFor();
    if (place.endsWith('console')) {
      await page.locator('.screen').scrollIntoViewIfNeeded();
      await page.locator('.xterm-rows').filter({ hasText: 'base79' }).waitFor();
    }
    await page.screenshot({ path: join(folder, `${name}-${kind}.png`) });
  }
}
