import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { chromium, type BrowserContextOptions, type Page } from 'playwright-core';
import { cleanupStack } from '../../src/base/cleanup.ts';
import { top } from '../../src/base/package.ts';

// Debian's package of the browser without a window, which starts three times as fast; the library brings none of its own.
const executablePath = '/usr/bin/chromium-headless-shell';

const axe = join(dirname(createRequire(import.meta.url).resolve('axe-core/package.json')), 'axe.min.js');

/** A page of the daemon in Chromium, and what must not have happened on it. */
export type Look = AsyncDisposable & {
  readonly page: Page;
  /** Fails where the browser told of an error but of those, or the page asked another host for something. */
  readonly proveQuiet: (but?: RegExp) => void;
  /** Fails where axe-core finds a barrier in what is shown now. */
  readonly proveAccessible: () => Promise<void>;
};

/** The rules that axe-core breaks in the page as it is, each with its first place. */
const barriers = async (page: Page): Promise<readonly string[]> => {
  // Within the page's policy: by the debugger, as no script of the page could.
  await page.evaluate(await readFile(axe, 'utf8'));
  const found: unknown = await page.evaluate(
    `axe.run(document).then(({ violations }) =>
       violations.map(({ id, nodes }) => id + ': ' + nodes[0].html.slice(0, 200) + ' ' + nodes[0].failureSummary))`,
  );
  assert.ok(Array.isArray(found));
  return found.map(String);
};

/** Opens the page at this address in a browser of its own. */
export const look = async (url: string, options: BrowserContextOptions = {}): Promise<Look> => {
  assert.ok(existsSync(executablePath), `${executablePath} is missing: script/setup installs it`);
  assert.ok(existsSync(new URL('dist/page/index.html', top)), 'the page was not built: npm run build');
  const cleanup = cleanupStack();
  // As root Chromium has no sandbox.
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  cleanup.defer(() => browser.close());
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const troubles: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) troubles.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => troubles.push(`error: ${error.stack ?? error.message}`));
  page.on('dialog', (dialog) => {
    troubles.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    const isOurs = request.url().startsWith(`${url}/`) || request.url().startsWith('data:');
    if (!isOurs) troubles.push(`outside: ${request.url()}`);
  });
  await page.goto(`${url}/`);
  return {
    page,
    proveQuiet: (but) =>
      assert.deepEqual(
        troubles.filter((trouble) => but?.test(trouble) !== true),
        [],
      ),
    proveAccessible: async () => assert.deepEqual(await barriers(page), []),
    [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose](),
  };
};

/** Logs in with the token in an `Authorization` header. */
export const logIn = async (page: Page, { authorization }: { readonly authorization: string }): Promise<void> => {
  await page.getByLabel('Token').fill(authorization.replace('Bearer ', ''));
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('heading', { name: 'Builds' }).waitFor();
};

/** Waits until a view shows what it is about. */
export const viewThere = (page: Page): Promise<void> =>
  page
    .locator(
      'table:is(.builds, .templates, .runs), form.new, .host section, .consoles, .figures, [role=tabpanel] :is(table, pre, .xterm-rows)',
    )
    .first()
    .waitFor();
