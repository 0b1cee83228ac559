import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statementOf } from '../src/post-processors/materials/statement.ts';
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
