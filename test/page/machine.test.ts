import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { startImaged } from '../fixtures/imaged.ts';
import { proveNothingLeft } from '../fixtures/left-behind.ts';
import { cycle, visit } from '../fixtures/quick-templates.ts';
import { logIn, look } from './browser.ts';

const soon = { timeout: 60_000 } as const;

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

/** Presses a button that makes another build, and waits until the page shows that; gives its id. */
const another = async (page: Page, name: string, id: string): Promise<string> => {
  await button(page, name).click();
  const shown = page.locator('.crumbs .id').filter({ hasNotText: id });
  await shown.waitFor();
  return (await shown.textContent()) ?? '';
};

test('real machines are watched, and their builds retried, rebuilt and mended, from the page', async (t) => {
  await using imaged = await startImaged({
    settings: 'workers = 1',
    tables: '[cache]\nenabled = true\n[hypervisor.qemu]\naccelerator = "tcg"',
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
  const madeOf = async (made: string) =>
    (await (await imaged.call(`/builds/${made}`)).json()) as Record<string, unknown>;

  await t.test(
    'a machine is started by the form and watched to its artifact: its console live, its turns, its digest',
    async () => {
      await page.getByRole('tab', { name: 'Console' }).click();
      await page.locator('.xterm-rows').filter({ hasText: 'cycle done' }).waitFor(soon);
      await page.locator('.turn-said').filter({ hasText: '/payload' }).waitFor();
      await page.locator('.status-succeeded').waitFor(soon);
      await page.getByRole('tab', { name: 'Artifacts' }).click();
      const listed = await imaged.call(`/builds/${id}/artifacts`);
      const { items } = (await listed.json()) as { items: { name: string; sha256: string }[] };
      await page.getByText(items[0]?.sha256 ?? 'no digest').waitFor();
      assert.equal(items[0]?.name, 'cycle.raw');
      await page.getByRole('tab', { name: 'Steps' }).click();
      await looked.proveAccessible();
    },
  );

  await t.test('Rebuild builds the same again, which has the artifacts of the first', async () => {
    const made = await another(page, 'Rebuild', id);
    await page.locator('.status-succeeded').waitFor(soon);
    await page.getByText(`Its artifacts are those of build ${id}`).waitFor();
    assert.equal((await madeOf(made))['rebuild_of'], id);
  });

  await t.test('Retry builds again what has failed, which stopped at the turn that was refused', async () => {
    const refusing = cycle({ install: { console: [{ hear: 'never', within: '1h', refuse: ['cycle#'] }] } });
    const broken = (await imaged.post({ template: await refusing })).id;
    await page.goto(`${imaged.url()}/#/builds/${broken}/console`);
    await page.locator('.turn-refused').filter({ hasText: 'cycle#' }).waitFor(soon);
    await page.locator('.status-failed').waitFor(soon);
    const made = await another(page, 'Retry', broken);
    assert.equal((await madeOf(made))['retry_of'], broken);
    await button(page, 'Cancel').click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' }).click();
    await page.locator('.status-cancelled').waitFor(soon);
  });

  await t.test('a held build is held for longer, and goes on with the script that was mended in the page', async () => {
    const template = visit({ provisioners: [{ type: 'shell', name: 'setup', inline: ['exit 3'] }] });
    const kept = (await imaged.post({ template, on_error: 'hold' })).id;
    await page.goto(`${imaged.url()}/#/builds/${kept}`);
    await page.locator('.status-held').waitFor({ timeout: 120_000 });
    const until = async () => page.locator('.facts div').filter({ hasText: 'Held until' }).textContent();
    const before = await until();
    await button(page, 'Hold 2 h').click();
    await page
      .locator('.facts div')
      .filter({ hasText: 'Held until' })
      .filter({ hasNotText: before ?? '' })
      .waitFor();
    await button(page, 'Mend…').click();
    const text = await page.getByLabel('Template', { exact: true }).inputValue();
    await page.getByLabel('Template', { exact: true }).fill(text.replace('exit 3', 'true').replace('}', ''));
    await button(page, 'Resume with this').click();
    await page.getByText('The template is no JSON').waitFor();
    await page.getByLabel('Template', { exact: true }).fill(text.replace('exit 3', 'true'));
    await looked.proveAccessible();
    await button(page, 'Resume with this').click();
    await page.locator('.status-succeeded').waitFor({ timeout: 120_000 });
  });

  // The browser tells of the answer to the wrong value.
  looked.proveQuiet(/a status of 422/);
  await proveNothingLeft(imaged);
});
