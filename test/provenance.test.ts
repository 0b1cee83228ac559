import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { statementOf } from '../src/post-processors/materials/statement.ts';
import { hashInputs } from '../src/build/steps/hash-inputs.ts';
import { askedBuildOf } from '../src/build/job.ts';
import { bench, jobWithout } from './fixtures/post-processing.ts';
import { wrongInStatement } from './fixtures/statements.ts';

const facts = {
  ...{ id: '01JDM3W5Z8XG5Y7T1V2B3C4D5E', templateName: 'web', templateSha256: '12'.repeat(32) },
  ...{ variables: { motto: 'hello', size: 3 }, hidden: ['password'], labels: { commit: 'abc' } },
  ...{ hypervisor: 'qemu', architecture: 'amd64', memoryMb: 512, cpus: 1 },
  inputs: [
    { name: 'base', uri: 'https://example.org/base.qcow2', sha256: 'ab'.repeat(32) },
    { name: 'kernel', uri: 'media:tiny/vmlinux' },
    { name: 'told by nobody' },
  ],
  steps: [
    { name: 'create-disks', startedAt: 1_700_000_000_000, endedAt: 1_700_000_001_000 },
    { name: 'motto', type: 'shell', startedAt: 1_700_000_002_000, endedAt: 1_700_000_003_000 },
  ],
  ...{ startedAt: 1_700_000_000_000, finishedAt: 1_700_000_009_000 },
  ...{ builderId: 'https://builder.example.org/imaged', imagedVersion: '1.2.3' },
};

const login = {
  type: 'ssh',
  username: 'root',
  port: 22,
  timeoutMs: 1,
  pauseBeforeConnectingMs: 0,
  keepsKey: false,
} as const;

const subjects = [{ name: 'web.qcow2', sha256: 'cd'.repeat(32) }];

test('a statement is one of in-toto v1 with the predicate of SLSA v1, by the schemas of both', () => {
  assert.deepEqual(wrongInStatement(statementOf(subjects, facts)), []);
  assert.deepEqual(wrongInStatement(statementOf(subjects, { ...facts, machine: 'db', inputs: [], steps: [] })), []);
  assert.notDeepEqual(wrongInStatement(statementOf([], facts)), [], 'a statement needs a subject');
  assert.notDeepEqual(wrongInStatement(statementOf(subjects, { ...facts, builderId: 'no address' })), []);
});

test('a statement has subjects, inputs and times as they were, and the names of hidden variables without values', () => {
  assert.deepEqual(statementOf(subjects, facts), {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'web.qcow2', digest: { sha256: 'cd'.repeat(32) } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'imaged:build/v1',
        externalParameters: {
          template: { name: 'web', digest: { sha256: '12'.repeat(32) } },
          variables: { motto: 'hello', size: 3 },
          hiddenVariables: ['password'],
          labels: { commit: 'abc' },
        },
        internalParameters: { hypervisor: 'qemu', architecture: 'amd64', memoryMb: 512, cpus: 1 },
        resolvedDependencies: [
          { name: 'base', uri: 'https://example.org/base.qcow2', digest: { sha256: 'ab'.repeat(32) } },
          { name: 'kernel', uri: 'media:tiny/vmlinux' },
        ],
      },
      runDetails: {
        builder: { id: 'https://builder.example.org/imaged', version: { imaged: '1.2.3' } },
        metadata: {
          invocationId: '01JDM3W5Z8XG5Y7T1V2B3C4D5E',
          startedOn: '2023-11-14T22:13:20.000Z',
          finishedOn: '2023-11-14T22:13:29.000Z',
          imaged_steps: [
            { name: 'create-disks', startedOn: '2023-11-14T22:13:20.000Z', finishedOn: '2023-11-14T22:13:21.000Z' },
            {
              ...{ name: 'motto', type: 'shell' },
              ...{ startedOn: '2023-11-14T22:13:22.000Z', finishedOn: '2023-11-14T22:13:23.000Z' },
            },
          ],
        },
      },
    },
  });
});

test('the post-processor states what it takes, by this host and for this build', async () => {
  await using at = await bench({ builderId: 'https://builder.example.org/imaged' });
  await writeFile(at.disk.path, 'bytes');
  at.tools.past.stepEnded({ name: 'create-disks', startedAt: 1_700_000_001_000, endedAt: 1_700_000_002_000 });
  at.tools.past.inputTaken({
    name: '7.9/amd64/base79.tgz',
    uri: 'pub/OpenBSD/7.9/amd64/base79.tgz',
    sha256: 'ab'.repeat(32),
  });
  const drafts = [{ name: 'a.raw', mediaType: 'application/x-raw-disk-image', from: at.disk.path }];
  const settings = { output: 'a.intoto.json' };
  const given = await at.run({ type: 'provenance', settings }, ['a.raw'], drafts);
  assert.deepEqual(
    given.map(({ name, mediaType }) => [name, mediaType]),
    [
      ['a.raw', 'application/x-raw-disk-image'],
      ['a.intoto.json', 'application/vnd.in-toto+json'],
    ],
  );
  const text = await readFile(given[1]?.from ?? '', 'utf8');
  assert.deepEqual(wrongInStatement(z.looseObject({}).parse(JSON.parse(text))), []);
  const sha256 = createHash('sha256').update('bytes').digest('hex');
  for (const part of [
    sha256,
    jobWithout.id,
    'https://builder.example.org/imaged',
    'imaged:pub/OpenBSD/7.9/amd64/base79.tgz',
  ])
    assert.ok(text.includes(part), part);
});

test('a statement names the digest of the template as clients see it, and no sensitive value', () => {
  const document = { name: 'web', variables: { pin: { sensitive: true, default: '1234' }, size: { default: '1' } } };
  const build = {
    ...{ templateName: 'web', labels: {}, createdAt: 1, sensitive: ['pin'] },
  };
  const input = { template: document, variables: { pin: '5678', size: '2' } };
  const asked = askedBuildOf({ build, input }, 2);
  const seen = { name: 'web', variables: { pin: { default: '<sensitive>', sensitive: true }, size: { default: '1' } } };
  assert.equal(asked.templateSha256, createHash('sha256').update(JSON.stringify(seen)).digest('hex'));
  assert.deepEqual([asked.variables, asked.hidden], [{ size: '2' }, ['pin']]);
  assert.doesNotMatch(JSON.stringify(asked), /1234|5678/);
});

test('what goes into the machine has its digest: files, those in folders, and what is known already is not read', async () => {
  await using at = await bench();
  const [kernel, folder, key] = ['kernel', 'sets', 'key'].map((name) => join(at.workspace, name));
  await writeFile(kernel ?? '', 'kernel');
  await mkdir(join(folder ?? '', 'deep'), { recursive: true });
  await writeFile(join(folder ?? '', 'deep/base.tgz'), 'base');
  at.tools.past.inputTaken({ name: 'media:known', uri: 'https://example.org/known', sha256: 'ab'.repeat(32) });
  const spec = {
    ...jobWithout.spec,
    ...{
      nics: [],
      model: {},
      provisioners: [],
      seal: [],
      shutdown: { timeoutMs: 1 },
      postProcessors: [],
      notify: [],
      cache: { mode: 'auto' as const, memory: true },
      secrets: [],
    },
    ...{ timeoutMs: 1, notes: [] },
    boot: { device: 'disk', kernel: { path: kernel ?? '', shown: 'media:tiny/kernel' } },
    cdrom: { path: '/nowhere', shown: 'media:known' },
    http: [{ path: 'sets', kind: 'folder', folder: { path: folder ?? '', shown: 'sets' } }],
    communicator: { ...login, privateKey: { file: { path: key ?? '', shown: 'media:key' } } },
  } as const;
  await hashInputs.run({ job: { spec } }, { ...at.tools, signal: new AbortController().signal });
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  assert.deepEqual(at.tools.past.inputs(), [
    { name: 'media:known', uri: 'https://example.org/known', sha256: 'ab'.repeat(32) },
    { name: 'media:tiny/kernel', uri: 'media:tiny/kernel', sha256: sha256('kernel') },
    { name: 'sets/deep/base.tgz', uri: 'context:sets/deep/base.tgz', sha256: sha256('base') },
  ]);
});
