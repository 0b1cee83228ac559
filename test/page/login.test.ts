import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiShop } from '../api-shop.ts';
import { logIn, look } from './browser.ts';
import { queued } from './furnished.ts';

const serve = async () => {
  const shop = await apiShop();
  return { shop, url: (await shop.listen()).url, [Symbol.asyncDispose]: () => shop[Symbol.asyncDispose]() };
};

test('the page asks for a token, lets a good one in, and stays logged in when it is loaded again', async () => {
  await using served = await serve();
  await using looked = await look(served.url);
  await looked.proveAccessible();
  await logIn(looked.page, served.shop.auth);
  await looked.page.reload();
  await looked.page.getByRole('heading', { name: 'Builds' }).waitFor();
  looked.proveQuiet();
});

test('a wrong token is refused in words, and the page can be tried again', async () => {
  await using served = await serve();
  await using looked = await look(served.url);
  const { page } = looked;
  await page.getByLabel('Token').fill('imgd_wrong');
  await page.getByRole('button', { name: 'Log in' }).click();
  assert.match((await page.getByRole('alert').textContent()) ?? '', /The token is not known/);
  await logIn(page, served.shop.auth);
});

test('no script of the page can read the session', async () => {
  await using served = await serve();
  await using looked = await look(served.url);
  await logIn(looked.page, served.shop.auth);
  const seen = await looked.page.evaluate('[document.cookie, ...Object.values(localStorage)].join()');
  assert.doesNotMatch(String(seen), /imgd_|imaged_session/);
});

test('logging out ends the session: what was seen is gone, and the token is asked for again', async () => {
  await using served = await serve();
  await queued(served.shop, { templateName: 'secret-project' });
  await using looked = await look(served.url);
  const { page } = looked;
  await logIn(page, served.shop.auth);
  await page.getByText('secret-project').waitFor();
  const cookies = await page.context().cookies();
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByLabel('Token').waitFor();
  assert.equal(await page.getByText('secret-project').count(), 0);
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  assert.equal((await fetch(`${served.url}/builds`, { headers: { cookie } })).status, 401);
  looked.proveQuiet();
});

test('who may only read is shown no button that changes something', async () => {
  await using served = await serve();
  const { id } = await queued(served.shop);
  await using looked = await look(served.url);
  const { page } = looked;
  await logIn(page, await served.shop.token(['builds:read']));
  await page.goto(`${served.url}/#/builds/${id}`);
  await page.getByRole('tab', { name: 'Steps' }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Cancel' }).count(), 0);
});
