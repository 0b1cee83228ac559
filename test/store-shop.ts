import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monotonicFactory } from 'ulid';
import { systemClock } from '../src/base/clock.ts';
import type { Clock } from '../src/base/clock.ts';
import { cleanupStack } from '../src/base/cleanup.ts';
import { Fault, recordOf } from '../src/base/fault.ts';
import type { FaultCode } from '../src/base/fault.ts';
import { openStore } from '../src/queue/sqlite/open-store.ts';
import type { StoreOptions } from '../src/queue/sqlite/open-store.ts';
import type { Room } from '../src/queue/rules/order.ts';
import type { Demand, NewBuild } from '../src/queue/asked.ts';
import type { Store } from '../src/queue/store.ts';

/** The package's own migrations, seen from dist/test. */
export const migrations = new URL('../../migrations/', import.meta.url);

const ulid = monotonicFactory();

/** A build that fits everywhere, with what a test wants to be different. */
export const aBuild = (change: Partial<NewBuild> = {}): NewBuild => ({
  id: ulid(),
  template: { name: 'tiny', machine: { memory: '64M' } },
  templateName: 'tiny',
  variables: {},
  labels: {},
  priority: 0,
  timeoutMs: 60_000,
  onError: 'cleanup',
  demand: { memoryMb: 64, diskMb: 100 },
  plan: [{ name: 'boot', phase: 'booting', timeoutMs: 1000 }],
  sensitive: [],
  ...change,
});

export const aFault = (code: FaultCode, message = 'as the test wants it') => recordOf(new Fault(code, message));

export const anArtifact = (name: string) => ({
  name,
  mediaType: 'application/x-qemu-disk',
  size: 4096,
  sha256: 'ab'.repeat(32),
});

export const roomy = { memoryMb: 1_000_000, diskMb: 1_000_000 };

/** A host that has this for builds, of which this is left. */
export const hostWith = (left: Demand, whole: Demand = left, reserveAfterMs = 600_000): Room => ({
  whole,
  left,
  reserveAfterMs,
});

/** The id of no build. */
export const nobody = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

/** The system's clock, except that its time is set by hand. */
export type HandClock = Clock & { time: number };

export const handClock = (time = Date.now()): HandClock => {
  const clock = { ...systemClock, time, now: () => clock.time };
  return clock;
};

export type Shop = AsyncDisposable & {
  readonly folder: string;
  readonly file: string;
  readonly clock: HandClock;
  readonly store: Store;
  /** Closes the store and opens it again, as a new daemon would. */
  readonly reopen: () => Promise<Store>;
};

/** What a new store comes to, by the ends of its files' names. */
const makeNew = async (): Promise<ReadonlyMap<string, Buffer>> => {
  const folder = await mkdtemp(join(tmpdir(), 'imaged-store-'));
  const file = join(folder, 'imaged.db');
  try {
    await (await openStore({ file, migrations, clock: handClock() }))[Symbol.asyncDispose]();
    const ends = ['', '.key'];
    return new Map(await Promise.all(ends.map(async (end) => [end, await readFile(file + end)] as const)));
  } finally {
    await rm(folder, { recursive: true });
  }
};

// Made once: to make one takes longer than most tests do with theirs.
let madeNew: ReturnType<typeof makeNew> | undefined;

/** A folder of its own, and a store in it. */
export const storeShop = async (options: Partial<StoreOptions> = {}, place = tmpdir()): Promise<Shop> => {
  const cleanup = cleanupStack();
  const folder = await mkdtemp(join(place, 'imaged-store-'));
  cleanup.defer(() => rm(folder, { recursive: true }));
  const file = join(folder, 'imaged.db');
  const clock = handClock();
  for (const [end, bytes] of await (madeNew ??= makeNew())) await writeFile(file + end, bytes, { mode: 0o600 });
  const open = () => openStore({ file, migrations, clock, ...options });
  let store = await open();
  cleanup.defer(async () => store[Symbol.asyncDispose]());
  return {
    folder,
    file,
    clock,
    get store() {
      return store;
    },
    reopen: async () => {
      await store[Symbol.asyncDispose]();
      store = await open();
      return store;
    },
    [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose](),
  };
};

/** Claims the head of the queue, which must be there. */
export const claimed = async (store: Store, token = ulid()) => {
  const claim = await store.claim({ token, slot: 0, room: hostWith(roomy), leaseMs: 30_000 });
  if (!claim) throw new Error('the queue is empty');
  return claim;
};

/** For assert.rejects. */
export const failsAs = (code: FaultCode) => (error: unknown) => error instanceof Fault && error.code === code;
