/** The API, its admission and its contexts in a process of their own, so that whoever measures them has a loop of their own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeContexts } from '../src/build/contexts.ts';
import { foldersBelow } from '../src/build/folders/folders.ts';
import { makeAdmission, type Admission } from '../src/build/admission.ts';
import { systemClock } from '../src/base/clock.ts';
import { systemIds } from '../src/base/ids.ts';
import { apiShop } from './api-shop.ts';
import { roomy } from './store-shop.ts';

const mebi = 2 ** 20;
const home = await mkdtemp(join(tmpdir(), 'hostile-'));
const folders = foldersBelow(home, join(home, 'run'));
await folders.prepare();

const made: { admission?: Admission } = {};
const admission = (): Admission => {
  if (made.admission === undefined) throw new Error('a request came before the server was there');
  return made.admission;
};
const shop = await apiShop({
  limits: {
    bodyBytes: 4 * mebi,
    contextBytes: 64 * mebi,
    connections: { all: 1000, perAddress: 500 },
    waitsPerToken: 500,
  },
  contexts: makeContexts(folders, systemIds, { files: 10_000, bytes: 256 * mebi, templateBytes: 4 * mebi }),
  admission: {
    check: (asked) => admission().check(asked),
    checkRun: (asked) => admission().checkRun(asked),
    checkTemplate: (document, context) => admission().checkTemplate(document, context),
  },
});
made.admission = makeAdmission({
  store: shop.store,
  hypervisor: { refuse: async () => [] },
  folders,
  ids: systemIds,
  clock: systemClock,
  media: () => ({}),
  whole: async () => roomy,
  checkRoom: async () => undefined,
  defaultTimeoutMs: 1000,
  textsMb: 0,
  signal: new AbortController().signal,
});

const { url } = await shop.listen();
process.on('disconnect', () => {
  void shop[Symbol.asyncDispose]().then(() => rm(home, { recursive: true, force: true }));
});
process.send?.({ url, authorization: shop.auth.authorization });
