import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { createHash } from 'node:crypto';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { pino } from 'pino';
import { usualTimeouts, type Timeouts } from '../src/api/server/connections/timeouts.ts';
import { makeMetrics } from '../src/api/host/metrics.ts';
import { makeApi } from '../src/api/make-api.ts';
import type { App } from '../src/api/server/app.ts';
import { foldersBelow, type Folders } from '../src/build/folders/folders.ts';
import { packerMachines } from '../src/template/expand/packer.ts';
import { listingOf } from '../src/context/listing.ts';
import { digestOf } from '../src/build/canonical.ts';
import type { Admission } from '../src/build/admission.ts';
import { makeAgain } from '../src/build/again/make-again.ts';
import { makeSubmit, makeSubmitRun } from '../src/build/submit.ts';
import { makeOutputs } from '../src/build/outputs/outputs.ts';
import { mintToken } from '../src/api/server/authentication/tokens.ts';
import type { ApiParts } from '../src/api/types.ts';
import { cleanupStack } from '../src/base/cleanup.ts';
import { Fault } from '../src/base/fault.ts';
import { fieldErrors } from '../src/base/field-errors.ts';
import { configuredMedia } from '../src/media/configured.ts';
import { openUploads } from '../src/media/uploads.ts';
import { makeGrowth, type Growth } from '../src/base/growth.ts';
import { systemIds } from '../src/base/ids.ts';
import { makeProgress } from '../src/queue/progress.ts';
import { whyWaiting } from '../src/queue/rules/waiting.ts';
import type { Scope } from '../src/queue/records.ts';
import type { Store } from '../src/queue/store.ts';
import { makeFire } from '../src/schedules/fire.ts';
import { makeScheduleDesk } from '../src/schedules/make-schedule.ts';
import { systemClock } from '../src/base/clock.ts';
import { makePage } from '../src/wiring/page.ts';
import { makeContract } from './api-contract.ts';
import { shelfIn } from './layer-shop.ts';
import { aBuild, hostWith, roomy, storeShop, type HandClock } from './store-shop.ts';
import { tell } from './webhook-shop.ts';

export type ApiShop = AsyncDisposable & {
  readonly app: App;
  /** Asks the API without a socket, and holds its reply against the printed contract. */
  readonly ask: (options: InjectOptions & { readonly url: string }) => Promise<LightMyRequestResponse>;
  readonly store: Store;
  /** The clock of the store, which stands still. */
  readonly clock: HandClock;
  readonly growth: Growth;
  readonly folders: Folders;
  readonly parts: ApiParts;
  /** The header of a token that may do everything with builds. */
  readonly auth: { readonly authorization: string };
  readonly token: (
    scopes: readonly Scope[],
    name?: string,
  ) => Promise<{ readonly id: string; readonly authorization: string }>;
  /** Listens, and gives the address. */
  readonly listen: () => Promise<{ readonly port: number; readonly url: string }>;
  /** Stops what waits and follows, as the daemon does when it stops. */
  readonly stop: () => void;
  /** Writes a file of a build. */
  readonly write: (path: string, content: string | Uint8Array) => Promise<void>;
  /** What was typed on consoles. */
  readonly typed: { readonly id: string; readonly text: string }[];
  /** Contexts that are unpacked now. */
  readonly contexts: Set<string>;
  /** What the API logged as an error, one JSON line each. */
  readonly troubles: readonly string[];
  /** What it logged besides. */
  readonly told: readonly string[];
};

/** Every app has the same routes: it is printed once in a process, when a reply is first held against it. */
let contract: ReturnType<typeof makeContract> | undefined;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** What `apiShop` holds clients to, unless a test says otherwise. */
export const usualLimits: ApiParts['limits'] = {
  bodyBytes: 1024 * 1024,
  contextBytes: 4 * 1024 * 1024,
  uploadBytes: 8 * 1024 * 1024,
  connections: { all: 1000, perAddress: 500 },
  waitsPerToken: 500,
};

const wrongAt = (pointer: string, message: string): Fault => {
  const wrong = fieldErrors();
  wrong.add(pointer, message);
  return wrong.fault('template_invalid', 'The template cannot be built');
};

/** Takes every template but one that is called "bad", and gives each a sensitive variable. */
const admissionBeside = (store: Store): ApiParts['admission'] => ({
  check: async (ask) => {
    if (isObject(ask.template) && ask.template['name'] === 'bad')
      throw wrongAt('/template/machine/memory', 'is no size');
    const stored =
      typeof ask.template === 'string' ? await store.template(ask.template.split('@')[0] ?? '') : undefined;
    if (typeof ask.template === 'string' && stored === undefined)
      throw new Fault('not_found', `There is no template ${ask.template}.`);
    const build = aBuild({
      id: systemIds.id(),
      template: stored?.document ?? ask.template,
      templateName: stored?.name ?? 'tiny',
      ...(stored === undefined ? {} : { templateVersion: stored.version }),
      variables: { ...ask.variables, password: 'hunter22' },
      sensitive: ['password'],
      labels: ask.labels,
      priority: ask.priority,
      onError: ask.onError,
      timeoutMs: ask.timeoutMs ?? 3_600_000,
      ...(ask.contextId === undefined ? {} : { contextId: ask.contextId }),
    });
    return { ...build, http: [], notes: [{ pointer: '/template/install', message: 'is looked at twice' }] };
  },
  checkRun: () => Promise.reject(new Error('tests of runs bring an admission of their own')),
  checkTemplate: async (document, context) => {
    if (isObject(document) && document['name'] === 'bad') throw wrongAt('/name', 'is bad');
    return { document, digest: digestOf([document, context?.digest ?? null]) };
  },
  declared: async () => ({
    variables: [
      { name: 'release', type: 'string', required: false, sensitive: false, default: '7.9', description: 'Of OpenBSD' },
      { name: 'cores', type: 'number', required: true, sensitive: false },
    ],
    machines: ['tiny'],
    areMachinesByValues: false,
  }),
  translate: (document, variables) =>
    packerMachines(document, { variables, frozen: { buildId: 'b', timestampMs: 0 }, files: listingOf(undefined) }),
});

/** What a host tells that has run some builds, in the words of its room. */
const aHost = {
  hypervisor: { name: 'qemu', version: '7.2.0', accelerators: ['tcg'] },
  capacity: {
    whole: { memoryMb: 4096, diskMb: 40_960 },
    now: { memoryMb: 4096, diskMb: 30_720 },
    committed: { memoryMb: 1024, diskMb: 8192 },
  },
  slots: [{ slot: 0, buildId: undefined }, { slot: 1, buildId: undefined }], // prettier-ignore
  layers: { kept: 3, bytes: 512 * 2 ** 20, hits: 12, misses: 4, savedSeconds: 1840 },
  limits: { context_mb: 4, context_files: 100 },
  checks: [
    { name: 'qemu-img', state: 'ok', message: 'qemu-img 7.2.0' },
    { name: 'accelerators', state: 'warn', message: 'KVM cannot be used: machines run much slower without it.' },
  ],
} as const;

/** The API over a real store in a folder of its own. What main would hand over besides is small and honest. */
export const apiShop = async (
  {
    growth = makeGrowth(),
    usedFiles = [],
    checkFrozen = () => Promise.reject(new Error('tests of what is made again bring an admission of their own')),
    live = {},
    ...change
  }: Partial<Omit<ApiParts, 'live'>> & {
    readonly live?: Partial<ApiParts['live']>;
    readonly growth?: Growth;
    /** Files of media that a build uses. */
    readonly usedFiles?: readonly string[];
    readonly checkFrozen?: Admission['checkFrozen'];
  } = {},
  timeouts: Timeouts = usualTimeouts,
): Promise<ApiShop> => {
  const cleanup = cleanupStack();
  const stopping = new AbortController();
  const folder = await mkdtemp(join(tmpdir(), 'imaged-api-'));
  cleanup.defer(() => rm(folder, { recursive: true }));
  const { store, clock } = cleanup.keep(await storeShop({ tell }));
  const folders = foldersBelow(folder, join(folder, 'run'));
  const contexts = new Set<string>();
  const isDraining = () => stopping.signal.aborted;
  const admission = change.admission ?? admissionBeside(store);
  const typed: { id: string; text: string }[] = [];
  const submit = makeSubmit({ store: change.store ?? store, admission, isDraining, wake: () => undefined });
  const fire = makeFire({ store, admission, submit, clock: systemClock, ids: systemIds });
  const media = { own: import.meta.filename, tests: import.meta.dirname };
  const uploads = await openUploads({
    folder: folders.media,
    limits: { mostBytes: 8 * 1024 * 1024, totalBytes: 12 * 1024 * 1024 },
    ...{ ids: systemIds, now: systemClock.now, checkRoom: async () => undefined },
    userOf: (path) => (usedFiles.some((used) => used === path) ? 'ANOTHER' : undefined),
  });

  const parts: ApiParts = {
    templateSchema: () => ({}),
    page: makePage(),
    vagrant: { public: false },
    store,
    admission,
    preview: async () => ({ steps: [] }),
    submit,
    schedules: makeScheduleDesk({ store, admission, fire, clock: systemClock, wake: () => undefined }),
    again: makeAgain({
      ...{ store: change.store ?? store, isDraining, ids: systemIds, wake: () => undefined },
      admission: { check: admission.check, checkFrozen },
    }),
    submitRun: makeSubmitRun({ store: change.store ?? store, admission, isDraining, wake: () => undefined }),
    contexts: {
      receive: async (body, encoding, signal) => {
        const bytes = await buffer(body);
        signal.throwIfAborted();
        if (bytes.length === 0) throw new Fault('context_invalid', 'The archive is empty.');
        const contextId = systemIds.id();
        contexts.add(contextId);
        const digest = createHash('sha256').update(bytes).digest('hex');
        const template = { name: bytes.toString().startsWith('bad') ? 'bad' : 'tiny', encoding };
        return { contextId, template, templateFile: 'template.json', sources: {}, digest };
      },
      drop: async (id) => {
        contexts.delete(id);
      },
    },
    outputs: makeOutputs({ folders, growth }),
    live: {
      wake: () => undefined,
      isDraining,
      waiting: async (build) => {
        const room = hostWith(roomy);
        const place = await store.placeInQueue(build.id, room);
        return place && whyWaiting(build, place, { room, hasFreeSlot: false }, systemClock.now());
      },
      progress: makeProgress({
        ...{ store, clock: systemClock, slots: () => 2, whole: async () => roomy, nothing: () => new Set() },
      }),
      resume: (id) => {
        throw new Fault('build_not_paused', `Build ${id} is not at a breakpoint.`);
      },
      pauses: () => [],
      resumeHeld: async (id) => {
        throw new Fault('build_not_held', `Build ${id} is not held.`);
      },
      type: async (id, bytes) => {
        typed.push({ id, text: Buffer.from(bytes).toString() });
      },
      detach: async () => ({ command: ['vmctl', 'console', 'imaged-0'], until: systemClock.now() + 60_000 }),
      attach: async () => undefined,
      checkUnused: () => undefined,
      ...live,
    },
    layers: shelfIn(folders.layers, change.store ?? store).shelf,
    media: { ...uploads, configured: () => configuredMedia(media), isConfigured: (name) => Object.hasOwn(media, name) },
    readiness: async () => [{ name: 'store', state: 'ok', message: 'The store can be written.' }],
    host: async () => aHost,
    metrics: makeMetrics({
      ...{ store, version: '0.1.0', now: systemClock.now, freeDiskMb: async () => 1000 },
      whole: async () => ({ memoryMb: 2048, diskMb: 4096 }),
      scheduler: {
        slots: () => [{ buildId: undefined }],
        committed: () => ({ memoryMb: 0, diskMb: 0 }),
        obstacles: async () => ({}),
      },
    }),
    clock: systemClock,
    ids: systemIds,
    version: '0.1.0',
    limits: usualLimits,
    signal: stopping.signal,
    ...change,
  };

  const troubles: string[] = [];
  const told: string[] = [];
  const isTrouble = (line: string) => (JSON.parse(line) as { level: number }).level >= 50;
  const logger = pino(
    { level: 'info' },
    { write: (line: string) => void (isTrouble(line) ? troubles : told).push(line) },
  );
  const app = await makeApi(parts, { logger, timeouts });
  cleanup.defer(async () => {
    stopping.abort();
    await app.close();
  });

  const token = async (scopes: readonly Scope[], name = 'a test') => {
    const { id, secret, hash } = mintToken(systemIds);
    await store.addToken({ id, name, scopes, hash });
    return { id, authorization: `Bearer ${secret}` };
  };
  const { authorization } = await token(['builds:write']);

  return {
    app,
    ask: async (options) => {
      const reply = await app.inject(options);
      contract ??= makeContract(app.swagger());
      contract(options.method ?? 'GET', options.url, reply);
      return reply;
    },
    ...{ store, clock, growth, folders, parts },
    auth: { authorization },
    token,
    listen: async () => {
      await app.listen({ host: '127.0.0.1', port: 0 });
      // A server that listens on a port has an address with one.
      const { port } = app.server.address() as AddressInfo;
      return { port, url: `http://127.0.0.1:${port}` };
    },
    stop: () => stopping.abort(),
    write: async (path, content) => {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content);
    },
    typed,
    contexts,
    troubles,
    told,
    [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose](),
  };
};
