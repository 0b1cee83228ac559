import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startImaged } from '../fixtures/imaged.ts';
import { proveNothingLeft } from '../fixtures/left-behind.ts';
import { cycle } from '../fixtures/quick-templates.ts';
import { logIn, look } from './browser.ts';

test('a real machine is started by the form and watched to its artifact: its console live, its turns, its digest', async () => {
  await using imaged = await startImaged({
    settings: 'workers = 1',
    tables: '[hypervisor.qemu]\naccelerator = "tcg"',
  });
  await using looked = await look(imaged.url());
  const { page } = looked;
  await logIn(page, { authorization: `Bearer ${imaged.token}` });
  const template = await cycle({
    variables: { image: { required: true, pattern: '[a-z]+' } },
    artifacts: [{ name: '{{ image }}.raw', format: 'raw' }],
  });
  const headers = { 'content-type': 'application/json' };
  await imaged.call('/templates/cycle', { method: 'PUT', headers, body: JSON.stringify(template) });
  await page.getByRole('link', { name: 'New build' }).click();
  await page.getByLabel('Name').selectOption('cycle');
  await page.getByLabel('image').fill('No. 1');
  await page.getByRole('button', { name: 'Start build' }).click();
  await page.locator('[id="field-variable:image-wrong"]').filter({ hasText: 'must match' }).waitFor();
  await page.getByLabel('image').fill('cycle');
  await page.getByRole('button', { name: 'Start build' }).click();
  await page.waitForURL(`${imaged.url()}/#/builds/*`);
  const id = page.url().split('/').at(-1) ?? '';
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
  await page.getByRole('link', { name: 'Host' }).click();
  await page.getByText('imaged-0').waitFor();
  await page.getByText('No build waits.').waitFor();
  await page.getByRole('region', { name: 'Findings' }).getByRole('row').nth(1).waitFor();
  assert.match((await page.getByRole('region', { name: 'Cache' }).textContent()) ?? '', /^CacheLayers\d+, /);
  await looked.proveAccessible();
  // The browser tells of the answer to the wrong value.
  looked.proveQuiet(/a status of 422/);
  await proveNothingLeft(imaged);
});
