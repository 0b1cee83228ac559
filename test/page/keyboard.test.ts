import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { apiShop } from '../api-shop.ts';
import { untilTrue } from '../fixtures/until-true.ts';
import { logIn, look, viewThere } from './browser.ts';
import { failed, held, running, succeed } from './furnished.ts';

const furnished = async () => {
  const shop = await apiShop();
  const { url } = await shop.listen();
  const done = await running(shop);
  await succeed(shop, done);
  const ids = {
    succeeded: done.id,
    failed: await failed(shop),
    held: await held(shop),
    busy: (await running(shop)).id,
  };
  for (const memory of ['128M', '256M'])
    await shop.store.putTemplate('openbsd', { name: 'openbsd', machine: { memory } }, memory);
  return { shop, url, ids, [Symbol.asyncDispose]: () => shop[Symbol.asyncDispose]() };
};

/** What the Tab key is to reach: of radio buttons the one that is chosen. */
const controls = `[...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')].filter((one) =>
  !one.disabled && one.tabIndex >= 0 && one.checkVisibility() && !(one.type === 'radio' && !one.checked))`;

const nameOfActive = `(document.activeElement.outerHTML.slice(0, 120))`;

/** Whether an outline shows where the focus is: around what has it, or around what stands for it. */
const isSeen = `(() => {
  for (let one = document.activeElement; one !== null && one.id !== 'main'; one = one.parentElement) {
    const { outlineStyle, outlineWidth } = getComputedStyle(one);
    if (outlineStyle !== 'none' && parseFloat(outlineWidth) > 0) return true;
  }
  return false;
})()`;

/** Goes through the view with this key alone; gives the controls that it never came to, and those where no focus is seen. */
const walk = async (page: Page, key: 'Tab' | 'Shift+Tab'): Promise<readonly string[]> => {
  const count = Number(await page.evaluate(`reached = new Set(), ${controls}.length`));
  const troubles: string[] = [];
  // A date is several stops.
  for (let presses = 0, isBack = false; !isBack; presses++) {
    await page.keyboard.press(key);
    const [isOut, seen, name] = await page.evaluate<[boolean, boolean, string]>(
      `reached.add(document.activeElement), [document.activeElement === document.body, ${isSeen}, ${nameOfActive}]`,
    );
    isBack = isOut;
    if (!isOut && !seen) troubles.push(`${key}: no focus is seen at ${name}`);
    if (presses > 5 * count + 10) return [...troubles, `${key}: the focus stays at ${name}`];
  }
  const missed = await page.evaluate<string[]>(
    `${controls}.filter((one) => !reached.has(one)).map((one) => one.outerHTML.slice(0, 120))`,
  );
  return [...troubles, ...missed.map((name) => `${key}: never at ${name}`)];
};

test('in every view the Tab key comes to every control and out again, both ways, and the focus is seen', async () => {
  await using there = await furnished();
  await using looked = await look(there.url);
  const { page } = looked;
  await logIn(page, there.shop.auth);
  const { succeeded, failed: broken, busy } = there.ids;
  const places = [
    ...['builds', `builds/${busy}/steps`, `builds/${busy}/console`, `builds/${busy}/log`, `builds/${broken}/input`],
    ...[`builds/${broken}/events`, `builds/${succeeded}/artifacts`, `compare?a=${succeeded}&b=${broken}`, 'statistics'],
    ...['new/openbsd', 'templates', 'templates/openbsd/versions', 'templates/openbsd/diff', 'runs', 'host'],
  ];
  const found: string[] = [];
  for (const place of places) {
    await page.goto(`${there.url}/#/${place}`);
    // Loaded anew, the focus is nowhere.
    await page.reload();
    await viewThere(page);
    const troubles = [...(await walk(page, 'Tab')), ...(await walk(page, 'Shift+Tab'))];
    found.push(...troubles.map((trouble) => `${place}: ${trouble}`));
  }
  assert.deepEqual(found, []);
});

const active = (page: Page, what: string) => page.evaluate(`document.activeElement.${what}`);

/** The focus moves when the page has drawn what it moves to. */
const comesTo = (page: Page, what: string, value: string) =>
  untilTrue(async () => (await active(page, what)) === value);

test('the focus goes to a view that is entered, to a question that is asked, and back', async () => {
  await using there = await furnished();
  await using looked = await look(there.url);
  const { page } = looked;
  await logIn(page, there.shop.auth);
  await comesTo(page, 'id', 'main');
  await page.getByRole('link', { name: 'Host' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Host' }).waitFor();
  await comesTo(page, 'id', 'main');
  await page.goBack();
  await page.locator(`a.build[href="#/builds/${there.ids.busy}"]`).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Cancel' }).waitFor();
  await comesTo(page, 'id', 'main');
  await page.getByRole('button', { name: 'Cancel' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('alertdialog').waitFor();
  await comesTo(page, 'textContent', 'Stay');
  await page.keyboard.press('Escape');
  await comesTo(page, 'textContent', 'Cancel');
  assert.equal(await page.getByRole('alertdialog').count(), 0);
  await page.getByRole('button', { name: 'Log out' }).focus();
  await page.keyboard.press('Enter');
  await page.getByLabel('Token').waitFor();
  await comesTo(page, 'id', 'token');
  looked.proveQuiet();
});

test('a console that takes keys types Tab, says how it is left, and is left by Shift+Tab', async () => {
  await using there = await furnished();
  await using looked = await look(there.url);
  const { page } = looked;
  await logIn(page, there.shop.auth);
  await page.goto(`${there.url}/#/builds/${there.ids.held}/console`);
  await page.getByRole('status').filter({ hasText: 'Shift+Tab leaves it' }).waitFor();
  await page.locator('.xterm-helper-textarea').focus();
  await page.keyboard.type('ls');
  await page.keyboard.press('Tab');
  await untilTrue(() => there.shop.typed.map(({ text }) => text).join('') === 'ls\t');
  assert.match(String(await active(page, 'className')), /xterm/);
  await page.keyboard.press('Shift+Tab');
  await untilTrue(async () => !/xterm-helper/.test(String(await active(page, 'className'))));
  assert.equal(there.shop.typed.map(({ text }) => text).join(''), 'ls\t');
});

test('what is read aloud of a build that runs is not said again as its times go on', async () => {
  await using there = await furnished();
  await using looked = await look(there.url);
  const { page } = looked;
  await logIn(page, there.shop.auth);
  await page.goto(`${there.url}/#/builds/${there.ids.busy}/steps`);
  await viewThere(page);
  const took = () => page.locator('tr.step-running td').first().textContent();
  await page.evaluate(`said = 0, new MutationObserver((changes) => {
    said += changes.filter(({ target }) => (target.parentElement ?? target).closest('[role=status], [role=alert], [role=log], [aria-live]')).length;
  }).observe(document.body, { subtree: true, childList: true, characterData: true })`);
  const before = await took();
  await untilTrue(async () => (await took()) !== before);
  assert.equal(await page.evaluate('said'), 0);
});
