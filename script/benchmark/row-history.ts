import { join } from 'node:path';
import { systemClock as clock } from '../../src/base/clock.ts';
import { cleanupStack, type CleanupStack } from '../../src/base/cleanup.ts';
import { migrations, openStore } from '../../src/queue/sqlite/open-store.ts';
import type { BuildFilter } from '../../src/queue/records.ts';
import type { Store } from '../../src/queue/store.ts';
import { aBuild, claimed } from '../../test/store-shop.ts';
import { addHistory } from './history.ts';
import { quantile } from './numbers.ts';
import type { Row } from './row.ts';
import { workplace } from './workplace.ts';

const most = 1.5;
const rounds = 500;

const filters: readonly BuildFilter[] = [{}, { statuses: ['failed'] }, { template: 'web' }, { labels: { ci: 'x' } }];

/** A store with so many builds behind it. */
const storeWith = async (builds: number, folder: string, cleanup: CleanupStack): Promise<Store> => {
  const file = join(folder, `${builds}.db`);
  await (await openStore({ file, migrations, clock }))[Symbol.asyncDispose]();
  addHistory(file, builds);
  return cleanup.keep(await openStore({ file, migrations, clock }));
};

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const began = clock.elapsed();
  await work();
  return clock.elapsed() - began;
};

const list = (store: Store): Promise<number> =>
  timed(async () => {
    for (const filter of filters) await store.list(filter, { limit: 20 });
  });

const claim = async (store: Store): Promise<number> => {
  await store.add(aBuild());
  const began = clock.elapsed();
  const { build, token } = await claimed(store);
  const took = clock.elapsed() - began;
  await store.finish(build.id, token, { status: 'succeeded', artifacts: [] });
  return took;
};

export const history: Row = {
  name: 'history',
  what: 'list and claim with 100,000 builds over the same with 1,000',
  reach: `<= ${most}`,
  run: async ({ signal }) => {
    await using place = await workplace();
    await using cleanup = cleanupStack();
    const many = await storeWith(100_000, place.folder, cleanup);
    const few = await storeWith(1000, place.folder, cleanup);
    const lists: { many: number; few: number }[] = [];
    const claims: { many: number; few: number }[] = [];
    for (let round = 0; round < rounds; round++) {
      signal.throwIfAborted();
      lists.push({ many: await list(many), few: await list(few) });
      claims.push({ many: await claim(many), few: await claim(few) });
    }
    const warm = rounds / 10;
    const median = (pairs: typeof lists, which: 'many' | 'few') =>
      quantile(
        pairs.slice(warm).map((pair) => pair[which]),
        0.5,
      );
    const ratio = (pairs: typeof lists) => median(pairs, 'many') / median(pairs, 'few');
    const show = (pairs: typeof lists) =>
      `${ratio(pairs).toFixed(2)} (${median(pairs, 'many').toFixed(2)} ms over ${median(pairs, 'few').toFixed(2)} ms)`;
    return {
      measured: `list ${show(lists)}, claim ${show(claims)}; medians of ${rounds - warm}`,
      isReached: Math.max(ratio(lists), ratio(claims)) <= most,
      facts: { list: ratio(lists), claim: ratio(claims) },
    };
  },
};
