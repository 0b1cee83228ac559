/** The API, its intake and its contexts in a process of their own, so that whoever measures them has a loop of their own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { makeContexts } from '../src/build/contexts.ts';
import { foldersBelow } from '../src/build/folders/folders.ts';
import { makeIntake, type Intake } from '../src/build/submit.ts';
import { systemClock } from '../src/base/clock.ts';
import { systemIds } from '../src/base/ids.ts';
import { apiShop } from './api-shop.ts';
import { roomy } from './store-shop.ts';

const mebi = 2 ** 20;
const home = await mkdtemp(join(tmpdir(), 'hostile-'));
const folders = foldersBelow(home, join(home, 'run'));
await folders.prepare();

const made: { intake?: Intake } = {};
const intake = (): Intake => {
  if (made.intake === undefined) throw new Error('a request came before the server was there');
  return made.intake;
};
const shop = await apiShop({
  limits: {
    bodyBytes: 4 * mebi,
    contextBytes: 64 * mebi,
    connections: { all: 1000, perAddress: 500 },
    waitsPerToken: 500,
  },
  contexts: makeContexts(folders, systemIds, { files: 10_000, bytes: 256 * mebi, templateBytes: 4 * mebi }),
  intake: {
    check: (asked) => intake().check(asked),
    checkTemplate: (document, contextId) => intake().checkTemplate(document, contextId),
  },
});
made.intake = makeIntake({
  store: shop.store,
  hypervisor: { refuse: async () => [] },
  folders,
  ids: systemIds,
  clock: systemClock,
  media: () => ({}),
  whole: async () => roomy,
  defaultTimeoutMs: 1000,
  textsMb: 0,
  signal: new AbortController().signal,
});

const { url } = await shop.listen();
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
process.on('message', () => {
  process.send?.({ longestMs: delay.max / 1e6 });
  delay.reset();
});
process.on('disconnect', () => {
  delay.disable();
  void shop[Symbol.asyncDispose]().then(() => rm(home, { recursive: true, force: true }));
});
process.send?.({ url, authorization: shop.auth.authorization });
