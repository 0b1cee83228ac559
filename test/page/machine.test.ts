import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startImaged } from '../fixtures/imaged.ts';
import { proveNothingLeft } from '../fixtures/left-behind.ts';
import { cycle } from '../fixtures/quick-templates.ts';
import { logIn, look } from './browser.ts';

test('a real machine is watched from the queue to its artifact: its console live, its turns, its digest', async () => {
  await using imaged = await startImaged({
    settings: 'workers = 1',
    tables: '[hypervisor.qemu]\naccelerator = "tcg"',
  });
  await using looked = await look(imaged.url());
  const { page } = looked;
  await logIn(page, { authorization: `Bearer ${imaged.token}` });
  const { id } = await imaged.post({ template: await cycle() });
  await page.getByRole('row').filter({ hasText: id }).locator('a.build').click();
  await page.getByRole('tab', { name: 'Console' }).click();
  await page.locator('.xterm-rows').filter({ hasText: 'cycle done' }).waitFor({ timeout: 60_000 });
  await page.locator('.turn-said').filter({ hasText: '/payload' }).waitFor();
  await page.locator('.status-succeeded').waitFor({ timeout: 60_000 });
  await page.getByRole('tab', { name: 'Artifacts' }).click();
  const listed = await imaged.call(`/builds/${id}/artifacts`);
  const { items } = (await listed.json()) as { items: { name: string; sha256: string }[] };
  await page.getByText(items[0]?.sha256 ?? 'no digest').waitFor();
  assert.equal(items[0]?.name, 'cycle.raw');
  await page.getByRole('tab', { name: 'Steps' }).click();
  await looked.proveAccessible();
  looked.proveQuiet();
  await proveNothingLeft(imaged);
});
