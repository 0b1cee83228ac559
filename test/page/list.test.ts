import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { apiShop } from '../api-shop.ts';
import { untilTrue } from '../fixtures/until-true.ts';
import { claimed } from '../store-shop.ts';
import { logIn, look } from './browser.ts';
import { failed, queued, running, succeed } from './furnished.ts';

test('the list shows a build that comes, and how it goes on, without being loaded again', async () => {
  await using shop = await apiShop();
  const { url } = await shop.listen();
  await using looked = await look(url);
  const { page } = looked;
  await logIn(page, shop.auth);
  await page.getByText('No build is like that.').waitFor();
  const { id } = await queued(shop, { templateName: 'debian' });
  const row = page.getByRole('row').filter({ hasText: id });
  await row.getByText('queued').waitFor();
  const { token } = await claimed(shop.store);
  await row.getByText('running').waitFor();
  await shop.store.finish(id, token, { status: 'succeeded', artifacts: [] });
  await row.getByText('succeeded').waitFor();
  looked.proveQuiet();
});

test('a build of the list that is queued says what it waits for', async () => {
  await using shop = await apiShop();
  const { url } = await shop.listen();
  await queued(shop);
  await using looked = await look(url);
  await logIn(looked.page, shop.auth);
  await looked.page
    .getByRole('row')
    .filter({ hasText: 'queued' })
    .filter({ hasText: 'All workers are busy.' })
    .waitFor();
  looked.proveQuiet();
});

test('filters by status, template, label and text leave what they say, and stand in the address', async () => {
  await using shop = await apiShop();
  const { url } = await shop.listen();
  await succeed(shop, await running(shop, { templateName: 'alpine', labels: { team: 'web' } }));
  await failed(shop, { templateName: 'openbsd' });
  await queued(shop, { templateName: 'debian' });
  await using looked = await look(url);
  const { page } = looked;
  await logIn(page, shop.auth);
  const rows = page.locator('table.builds tbody tr');
  const shown = async (count: number) => {
    await untilTrue(async () => (await rows.count()) === count);
    return rows.allTextContents();
  };
  await shown(3);
  await page.getByRole('button', { name: 'failed' }).click();
  assert.match((await shown(1)).join(), /openbsd/);
  await page.reload();
  assert.match((await shown(1)).join(), /openbsd/);
  await page.getByRole('button', { name: 'failed' }).click();
  await shown(3);
  await page.getByLabel('Template').fill('debian');
  await page.getByLabel('Template').press('Enter');
  assert.match((await shown(1)).join(), /debian/);
  await page.getByLabel('Template').fill('');
  await page.getByLabel('Label').fill('team=web');
  await page.getByLabel('Label').press('Enter');
  assert.match((await shown(1)).join(), /alpine/);
  await page.getByLabel('Label').fill('');
  await page.getByLabel('Label').press('Enter');
  await shown(3);
  await page.locator('h1').click();
  await page.keyboard.press('/');
  await page.keyboard.type('console_silent nowhere');
  await shown(0);
  await page.getByLabel('Text').fill('console_silent');
  assert.match((await shown(1)).join(), /openbsd/);
  looked.proveQuiet();
});

test('what is typed into a filter stays while the list is drawn anew, and counts once it is entered', async () => {
  await using shop = await apiShop();
  const { url } = await shop.listen();
  await queued(shop, { templateName: 'debian' });
  await using looked = await look(url);
  const { page } = looked;
  await logIn(page, shop.auth);
  await page.getByLabel('Template').fill('alp');
  await queued(shop, { templateName: 'alpine' });
  await page.getByText('alpine').waitFor();
  assert.equal(await page.getByLabel('Template').inputValue(), 'alp');
  await page.getByLabel('Template').fill('alpine');
  await page.getByLabel('Template').press('Enter');
  await untilTrue(async () => (await page.locator('table.builds tbody tr').count()) === 1);
});

test('older builds are a button away', async () => {
  await using shop = await apiShop();
  const { url } = await shop.listen();
  for (let n = 0; n < 60; n += 1) await queued(shop, { templateName: `system-${n}` });
  await using looked = await look(url);
  const { page } = looked;
  await logIn(page, shop.auth);
  await page.getByText('system-59', { exact: true }).waitFor();
  assert.equal(await page.getByText('system-0', { exact: true }).count(), 0);
  await page.getByRole('button', { name: 'Older builds' }).click();
  await page.getByText('system-0', { exact: true }).waitFor();
  await untilTrue(async () => (await page.locator('table.builds tbody tr').count()) === 60);
});

test('each view tells what it asked the API, as lines of curl that give the same', async () => {
  await using shop = await apiShop();
  const { url } = await shop.listen();
  await queued(shop, { labels: { team: "it's $HOME" } });
  await using looked = await look(url);
  const { page } = looked;
  await logIn(page, shop.auth);
  await page.getByLabel('Label').fill("team=it's $HOME");
  await page.getByLabel('Label').press('Enter');
  await page.getByText('As curl').click();
  const lines = page.getByLabel('The calls of this view, as curl lines');
  await lines.filter({ hasText: 'label' }).waitFor();
  const line = ((await lines.textContent()) ?? '').split('\n').find((one) => one.includes('label')) ?? '';
  const env = { ...process.env, IMAGED_URL: url, IMAGED_TOKEN: shop.auth.authorization.replace('Bearer ', '') };
  const { stdout } = await promisify(execFile)('sh', ['-c', `${line} -s`], { env });
  assert.equal((JSON.parse(stdout) as { items: object[] }).items.length, 1);
});
