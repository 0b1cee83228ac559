import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { logIn, look } from '../../test/page/browser.ts';
import { keepAll, startWithGoods } from './cycle.ts';
import { addHistory } from './history.ts';
import { showSpread, spread } from './numbers.ts';
import type { Row } from './row.ts';
import { workplace } from './workplace.ts';

const mostMs = 300;
const builds = 100_000;
const rounds = 15;

/** Gives in the page when the first rows of the list were painted, in milliseconds since the navigation began. */
const noteRows = `
  globalThis.rowsShownMs = new Promise((resolve) => {
    new MutationObserver((_changes, observer) => {
      if (document.querySelector('table.builds tbody tr') === null) return;
      observer.disconnect();
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
    }).observe(document, { childList: true, subtree: true });
  });`;

type State = Awaited<ReturnType<ReturnType<Browser['contexts']>[number]['storageState']>>;

/** How long the first view takes in a browser that is logged in and has nothing of the page in its cache. */
const firstView = async (browser: Browser, url: string, storageState: State): Promise<number> => {
  const context = await browser.newContext({ storageState });
  try {
    const page = await context.newPage();
    await page.addInitScript(noteRows);
    await page.goto(`${url}/`);
    return Number(await page.evaluate('globalThis.rowsShownMs'));
  } finally {
    await context.close();
  }
};

export const page: Row = {
  name: 'page',
  what: 'first view of the page in Chromium with an empty cache, 100,000 builds in the store: from the navigation to the rows of the list',
  reach: `<= ${mostMs} ms`,
  run: async ({ signal }) => {
    await using place = await workplace();
    await using imaged = await startWithGoods({ shown: place.folder }, 1, keepAll);
    await imaged.kill('SIGTERM');
    addHistory(join(imaged.dataDir, 'imaged.db'), builds);
    await imaged.start();
    await using looked = await look(imaged.url());
    await logIn(looked.page, { authorization: `Bearer ${imaged.token}` });
    const context = looked.page.context();
    const browser = context.browser();
    if (browser === null) throw new Error('the browser has gone');
    const state = await context.storageState();
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) {
      signal.throwIfAborted();
      times.push(await firstView(browser, imaged.url(), state));
    }
    // The first pays for what the daemon and the browser have not yet compiled.
    const took = spread(times.slice(1));
    return {
      measured: `${showSpread(took, 0)} ms, the first ${(times[0] ?? NaN).toFixed(0)}`,
      isReached: took.median <= mostMs,
      facts: { milliseconds: took.median, firstMs: times[0] ?? NaN },
    };
  },
};
