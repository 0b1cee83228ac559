import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fault } from '../src/base/fault.ts';
import { planFrom, type Perform, type Plan, type Step } from '../src/build/plan.ts';
import { recipeFor } from '../src/build/recipe.ts';
import { joinSequences, SequencesFailed } from '../src/build/attempt/sequences.ts';
import { postProcess } from '../src/build/steps/post-process.ts';
import { withArtifacts } from '../src/build/after-failure/publish-failed.ts';
import type { ArtifactDraft } from '../src/post-processors/kind.ts';
import { demandOf } from '../src/template/resolve/demand.ts';
import { parseTemplate } from '../src/template/document/template.ts';
import { expandTemplate } from '../src/template/expand/expand.ts';
import { resolve } from '../src/template/resolve/resolve.ts';
import { bench, jobWithout } from './fixtures/post-processing.ts';

const least = { name: 'least', machine: { floppy: 'media:floppy', disks: [{ size: '1G' }] }, install: {} };

const resolved = (change: object) =>
  resolve({
    template: parseTemplate({ ...least, ...change }),
    variables: {},
    files: { media: { floppy: import.meta.filename } },
    frozen: { buildId: '01J0000000000000000000000A', timestampMs: 0 },
    defaults: { timeoutMs: 3_600_000 },
  });

const faultOf = async (change: object): Promise<readonly (readonly [string, string])[]> => {
  const error: unknown = await Promise.resolve()
    .then(() => resolved(change))
    .then(
      () => undefined,
      (reason: unknown) => reason,
    );
  assert.ok(error instanceof Fault, String(error));
  return (error.facts.errors ?? []).map(({ pointer, message }) => [pointer, message] as const);
};

const compress = { type: 'compress' } as const;
const checksum = { type: 'checksum' } as const;

test('sequences begin with the exports each, and their steps say in the plan which of them they are in', async () => {
  const spec = await resolved({
    artifacts: [{ name: 'a' }, { name: 'b' }],
    post_processors: [[compress, { ...checksum, artifact: 'a.zst' }], [checksum]],
  });
  assert.deepEqual(
    spec.postProcessors.map(({ name, takes, shares }) => [name, takes, shares]),
    [
      ['export-a', [], undefined],
      ['export-b', [], undefined],
      ['compress-1', ['a', 'b'], ['a', 'b']],
      ['checksum-2', ['a.zst'], undefined],
      ['checksum-3', ['a', 'b'], ['a', 'b']],
    ],
  );
  const steps = recipeFor(spec).steps.filter(({ phase }) => phase === 'packaging');
  assert.deepEqual(
    steps.map(({ name, sequence }) => [name, sequence]),
    [
      ['export-a', undefined],
      ['export-b', undefined],
      ['compress-1', 1],
      ['checksum-2', 1],
      ['checksum-3', 2],
    ],
  );
  const alone = await resolved({ post_processors: [[compress, checksum]] });
  const flat = await resolved({ post_processors: [compress, checksum] });
  assert.deepEqual(alone.postProcessors, flat.postProcessors, 'a list of one sequence is that sequence');
  assert.ok(recipeFor(flat).steps.every(({ sequence }) => sequence === undefined));
});

test('the room that a build asks for is that of all its sequences', async () => {
  const mb = async (post_processors: unknown) => demandOf(await resolved({ post_processors }), 0).diskMb;
  const [none, one] = [await mb([]), await mb([compress])];
  assert.equal(await mb([[compress], [{ ...checksum, artifact: 'least.qcow2' }]]), one);
  assert.ok(one > none);
});

test('what is wrong with sequences is told at its place', async () => {
  assert.deepEqual(
    (await faultOf({ post_processors: [compress, [checksum]] })).map(([pointer]) => pointer),
    ['/post_processors/0'],
  );
  assert.match((await faultOf({ post_processors: [[{ type: 'compres' }]] })).join(), /^\/post_processors\/0\/0\/type,/);
  assert.match((await faultOf({ post_processors: [[checksum], [{ ...checksum, levl: 1 }]] })).join(), /^\/post_processors\/1\/0\/levl,is an unknown key/); // prettier-ignore
  assert.match((await faultOf({ post_processors: [[checksum], []] })).join(), /^\/post_processors\/1,is an empty list/);
  assert.match((await faultOf({ post_processors: [[compress], [checksum, { ...compress, artifact: 'least.qcow2' }]] })).join(), /^\/post_processors\/1\/1,is "least.qcow2.zst" a second time/); // prettier-ignore
  assert.match((await faultOf({ post_processors: Array(9).fill([checksum]) })).join(), /has more than 8 sequences/);
  assert.match(
    (await faultOf({ post_processors: Array(3).fill(Array(7).fill(checksum)) })).join(),
    /more than 20 post/,
  );
});

test('a machine has the sequences and the post-processors that are for it', () => {
  const [web, db] = expandTemplate({
    ...least,
    machines: { web: {}, db: {} },
    post_processors: [[{ ...compress, only: ['web'] }], [checksum, { ...compress, except: ['web'] }]],
  });
  const of = (one: typeof web) => (one?.document as { post_processors: unknown }).post_processors;
  assert.deepEqual(of(web), [[compress], [checksum]]);
  assert.deepEqual(of(db), [[checksum, compress]]);
  assert.equal(db?.pointerOf('/post_processors/0/1'), '/post_processors/1/1');
});

type Has = Parameters<ReturnType<typeof postProcess>['run']>[0];

/** Sequences of steps, as the recipe puts them beside each other. */
const beside = (...sequences: readonly (readonly Step<Has, { readonly drafts: readonly ArtifactDraft[] }>[])[]) =>
  planFrom<Has>().beside(
    sequences.map((steps) => steps.reduce<Plan<Has, Has>>((so, step) => so.then(step), planFrom<Has>())),
    joinSequences,
  );

const shop = async () => {
  const at = await bench();
  const from = join(at.workspace, 'exported');
  await writeFile(from, 'an image');
  const drafts = [{ name: 'a', mediaType: 'x/y', from }];
  const hypervisor = { convertDisk: () => Promise.reject(new Error('none is exported here')) };
  const signal = new AbortController().signal;
  // The steps of these tests use no other tools.
  const perform = ((step: Step<unknown, unknown>, needs: unknown) =>
    step.run(needs, { ...at.tools, hypervisor, signal } as never)) as Perform;
  const given: Has = { job: jobWithout, workspace: at.workspace, disks: [], drafts };
  return { ...at, from, run: (plan: ReturnType<typeof beside>) => plan.run(given, perform) };
};

const shared = { timeoutMs: 1, newMb: 0, takes: ['a'], shares: ['a'] };
const compressing = (at: number, keepsInput = false) =>
  postProcess({ ...shared, type: 'compress', name: 'c', settings: { format: 'zstd', level: 3, keepsInput } }, at);
const hashing = (at: number) =>
  postProcess({ ...shared, type: 'checksum', name: 's', settings: { types: ['sha512'], format: 'bsd' } }, at);

const failing = {
  name: 'failing',
  phase: 'packaging',
  timeoutMs: 1,
  run: () => Promise.reject(new Fault('program_failed', 'This one fails.')),
} satisfies Step<Has, { readonly drafts: readonly ArtifactDraft[] }>;

test('an export is published where a sequence leaves it, and is gone where all have taken it', async () => {
  await using at = await shop();
  const kept = await at.run(beside([compressing(1)], [hashing(2)]));
  assert.deepEqual(await at.publish(kept.drafts ?? []), ['a', 'a.sha512', 'a.zst']);
  await using other = await shop();
  const taken = await other.run(beside([compressing(1)], [{ ...failing, run: async () => ({ drafts: [] }) }]));
  assert.deepEqual((taken.drafts ?? []).map(({ name }) => name), ['a.zst']); // prettier-ignore
  assert.deepEqual((await readdir(other.workspace)).filter((name) => name === 'exported'), []); // prettier-ignore
});

test('a sequence that fails lets the others end, and what there is then comes with its fault', async () => {
  await using at = await shop();
  const error: unknown = await at
    .run(beside([compressing(1), failing], [hashing(2)], [failing]))
    .catch((reason: unknown) => reason);
  assert.ok(error instanceof SequencesFailed);
  assert.equal(error.fault.message, 'This one fails.');
  const artifacts = await at.publish(error.drafts);
  assert.deepEqual(artifacts, ['a', 'a.sha512', 'a.zst']);
  const published = artifacts.map((name) => ({ name, mediaType: 'x/y', size: 1, sha256: '' }));
  assert.equal(
    withArtifacts(error.fault, published).message,
    'This one fails. Published all the same: a, a.sha512, a.zst.',
  );
});

test('sequences run side by side: one waits for what the other does', async () => {
  await using at = await shop();
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const waits = { ...failing, run: async () => (await opened, { drafts: [] }) };
  const opens = { ...failing, run: async () => (open(), { drafts: [] }) };
  const { drafts } = await at.run(beside([waits], [opens]));
  assert.deepEqual(drafts, []);
});

test('a file is read once for all digests that sequences ask for', async () => {
  await using at = await shop();
  const { drafts } = await at.run(beside([hashing(1)], [compressing(2, true)]));
  const [draft] = drafts;
  assert.equal(draft?.name, 'a');
  assert.equal(draft.known?.size, 8, 'what one of them knows of it, publishing knows');
  await writeFile(at.from, 'other bytes');
  const again = await at.tools.knownDigests(draft, ['sha512', 'sha256'], new AbortController().signal);
  assert.equal(again.size, 8, 'it was not read again');
});
