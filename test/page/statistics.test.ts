import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiShop } from '../api-shop.ts';
import { logIn, look } from './browser.ts';
import { failed, running, succeed } from './furnished.ts';

test('statistics are drawn, in words and as tables, of all templates and of one', async (t) => {
  await using shop = await apiShop();
  const { url } = await shop.listen();
  for (const templateName of ['openbsd', 'openbsd', 'debian-12'])
    await succeed(shop, await running(shop, { templateName }));
  await failed(shop, { templateName: 'debian-12' });
  await using looked = await look(url);
  const { page } = looked;
  await logIn(page, shop.auth);
  await page.getByRole('link', { name: 'Statistics' }).click();
  const region = (name: string) => page.getByRole('region', { name, exact: true });

  await t.test('builds a day say how many ended how', async () => {
    const chart = region('Builds a day').getByRole('img', { name: 'Builds by the day of their end' });
    await chart.waitFor();
    assert.match((await chart.locator('desc').textContent()) ?? '', /^3 succeeded, 1 failed, 0 cancelled\.$/);
    assert.equal(await chart.locator('.part rect').count(), 2);
    await region('Builds a day').getByText('As a table').click();
    const row = region('Builds a day').getByRole('row').nth(1);
    assert.deepEqual(await row.getByRole('cell').allTextContents(), ['3', '1', '0']);
  });

  await t.test('faults are counted by code, and the wait is there', async () => {
    assert.match((await region('Why builds did not succeed').textContent()) ?? '', /console_silent1/);
    await region('Wait in the queue').getByRole('img').waitFor();
    assert.ok((await region('Wait in the queue').locator('circle').count()) >= 2);
  });

  await t.test('axe-core finds no barrier, and nothing is wider than a narrow screen', async () => {
    await looked.proveAccessible();
    await page.setViewportSize({ width: 360, height: 740 });
    assert.ok(Number(await page.evaluate('document.documentElement.scrollWidth')) <= 360);
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  await t.test('a template leads to the times of its steps', async () => {
    await region('Templates').getByRole('link', { name: 'debian-12' }).click();
    await page.getByRole('heading', { name: 'Statistics of debian-12' }).waitFor();
    const steps = region('Steps, the longest');
    await steps.getByRole('img').waitFor();
    assert.match((await steps.locator('desc').textContent()) ?? '', /install: 1:2\d/);
    await page.getByLabel('Days', { exact: true }).selectOption('366');
    await page.getByText('1 succeeded, 1 failed').waitFor({ state: 'attached' });
    assert.match(await page.evaluate('location.hash'), /days=366/);
    await looked.proveAccessible();
  });
  looked.proveQuiet();
});
