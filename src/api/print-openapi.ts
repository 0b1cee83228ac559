import { readFile } from 'node:fs/promises';
import { stdout } from 'node:process';
import { z } from 'zod';
import { systemClock } from '../base/clock.ts';
import { systemIds } from '../base/ids.ts';
import type { Store } from '../queue/store.ts';
import { makeApi } from './make-api.ts';
import { printOpenApi } from './contract/openapi.ts';

// Run by "npm run openapi": prints the contract to stdout. Printing looks at the routes alone, so the rooms behind them
// are left out: whoever asks one of them all the same is told so.
const absent = <Room extends object>(): Room =>
  new Proxy(
    {},
    {
      get: () => () => {
        throw new Error('This server is made to be printed, not to be asked.');
      },
    },
    // No value has all the functions of a room but none of the room itself: hence the cast.
  ) as Room;

// Who waits for builds listens to the store from the beginning.
const store: Store = new Proxy(absent<Store>(), {
  get: (none, name, self) =>
    name === 'onChange' ? () => ({ [Symbol.dispose]: () => undefined }) : (Reflect.get(none, name, self) as unknown),
});

const packageFile = new URL('../../../package.json', import.meta.url);
const { version } = z.object({ version: z.string() }).parse(JSON.parse(await readFile(packageFile, 'utf8')));

const app = await makeApi({
  store,
  admission: absent(),
  submit: absent(),
  submitRun: absent(),
  contexts: absent(),
  outputs: absent(),
  live: absent(),
  readiness: async () => [],
  host: async () => ({}),
  metrics: absent(),
  clock: systemClock,
  ids: systemIds,
  version,
  templateSchema: {},
  limits: { bodyBytes: 1024, contextBytes: 1024, connections: { all: 1, perAddress: 1 }, waitsPerToken: 1 },
  signal: new AbortController().signal,
});
stdout.write(printOpenApi(app));
await app.close();
