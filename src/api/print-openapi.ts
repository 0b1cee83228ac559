import { stdout } from 'node:process';
import { systemClock } from '../base/clock.ts';
import { systemIds } from '../base/ids.ts';
import { version } from '../base/package.ts';
import type { Store } from '../queue/store.ts';
import { makeApi } from './make-api.ts';
import { printOpenApi } from './contract/openapi.ts';

// Run by "npm run openapi": prints the contract to stdout. Printing looks at the routes alone, so the rooms behind them
// are left out: a call of one of them all the same says so.
const absent = <Room extends object>(there: Partial<Room> = {}): Room =>
  new Proxy(
    there,
    {
      get: (_, name) =>
        Reflect.get(there, name) ??
        (() => {
          throw new Error('This server is made to be printed, not to be asked.');
        }),
    },
    // No value has all the functions of a room but none of the room itself: hence the cast.
  ) as Room;

const app = await makeApi({
  // The long polls listen from the start.
  store: absent<Store>({ onChange: () => ({ [Symbol.dispose]: () => undefined }) }),
  admission: absent(),
  preview: absent(),
  submit: absent(),
  submitRun: absent(),
  again: absent(),
  schedules: absent(),
  contexts: absent(),
  layers: absent(),
  media: absent(),
  outputs: absent(),
  live: absent(),
  readiness: async () => [],
  host: async () => ({}),
  metrics: absent(),
  clock: systemClock,
  ids: systemIds,
  version,
  page: absent(),
  templateSchema: () => ({}),
  vagrant: { public: false },
  limits: {
    bodyBytes: 1024,
    contextBytes: 1024,
    uploadBytes: 8 * 1024 * 1024,
    connections: { all: 1, perAddress: 1 },
    waitsPerToken: 1,
  },
  signal: new AbortController().signal,
});
stdout.write(printOpenApi(app));
await app.close();
