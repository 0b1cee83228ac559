import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Check } from '../../src/api/types.ts';
import { apiShop } from '../api-shop.ts';
import { logIn, look } from './browser.ts';
import { queued } from './furnished.ts';

const provisioner = (inline: string) => ({ type: 'shell', inline: [inline] });

const version = (memory: string, ...last: readonly string[]) => ({
  name: 'openbsd',
  machine: { memory, disks: [{ size: '8G' }] },
  provisioners: ['one', 'two', 'three', 'four', ...last].map(provisioner),
});

test('a template shows its versions, the text of each, what changed between two, and its builds', async () => {
  await using shop = await apiShop();
  const { url } = await shop.listen();
  await shop.store.putTemplate('openbsd', version('512M'), 'first');
  await shop.store.putTemplate('openbsd', version('1G', 'five'), 'second');
  const { id } = await queued(shop, { templateName: 'openbsd', templateVersion: 2 });
  await using looked = await look(url);
  const { page } = looked;
  await logIn(page, shop.auth);
  await page.getByRole('link', { name: 'Templates' }).click();
  await page.getByRole('link', { name: 'openbsd', exact: true }).click();
  const text = page.getByLabel('Template', { exact: true });
  await text.filter({ hasText: '"1G"' }).waitFor();
  await page.getByRole('tab', { name: 'Versions' }).click();
  await page.getByRole('link', { name: 'Text of version 1' }).click();
  await text.filter({ hasText: '"512M"' }).waitFor();
  await page.getByRole('tab', { name: 'Versions' }).click();
  await page.getByRole('link', { name: 'Changes of version 2' }).click();
  const lines = page.getByLabel('Changed lines');
  await lines.filter({ hasText: 'five' }).waitFor();
  const told = (await lines.textContent()) ?? '';
  assert.match(told, /^- +"memory": "512M",$\n^\+ +"memory": "1G",$/m);
  assert.match(told, /^… \d+ lines that are the same$/m);
  assert.doesNotMatch(told, /^[-+].*8G/m);
  await page.getByLabel('From version').selectOption('2');
  await page.getByText('They are the same.').waitFor();
  await page.getByRole('tab', { name: 'Builds' }).click();
  await page.getByRole('link', { name: id }).waitFor();
  looked.proveQuiet();
});

test('the host shows its slots, its room, its cache, its checks, and why each build waits', async () => {
  let checks: readonly Check[] = [
    { name: 'store', state: 'ok', message: 'can be written' },
    { name: 'qemu', state: 'warn', message: 'KVM cannot be used: builds are slow' },
    { name: 'disk', state: 'fail', message: 'data_dir has less free space than capacity.disk_reserve. Free some.' },
  ];
  await using shop = await apiShop({ readiness: async () => checks });
  const { url } = await shop.listen();
  const { id } = await queued(shop, { templateName: 'openbsd' });
  await queued(shop, { templateName: 'debian', priority: 5 });
  await using looked = await look(url);
  const { page } = looked;
  await logIn(page, shop.auth);
  await page.getByRole('link', { name: 'Host' }).click();
  const queue = page.getByRole('region', { name: 'Queue' }).getByRole('row');
  await queue.filter({ hasText: 'All workers are busy.' }).first().waitFor();
  assert.match((await queue.nth(1).textContent()) ?? '', /^1debian/);
  await page.getByText('imaged-1').waitFor();
  await page.getByText('As curl').click();
  await page.getByLabel('The calls of this view, as curl lines').filter({ hasText: /host\n[^]*queue|queue\n[^]*host/ }).waitFor(); // prettier-ignore
  await page.getByText('1.0 GiB of 4.0 GiB').waitFor();
  await page.getByText('12 of 16 (75 %)').waitFor();
  await page.getByRole('row').filter({ hasText: 'KVM cannot be used' }).filter({ hasText: 'warn' }).waitFor();
  await page.getByText('Builds cannot run: 1 of the checks fail.').waitFor();
  const found = page.getByRole('region', { name: 'Findings' }).getByRole('row');
  assert.match((await found.nth(1).textContent()) ?? '', /^faildiskdata_dir has less.*Free some/);
  await looked.proveAccessible();
  checks = checks.map((check) => ({ ...check, state: 'ok' }));
  await page.getByText('Builds can run.').waitFor();
  await shop.store.cancel(id);
  await queue.filter({ hasText: 'openbsd' }).waitFor({ state: 'detached' });
  // That it is not ready, the browser tells as an error.
  looked.proveQuiet(/status of 503/);
});
