import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { Fault } from '../src/base/fault.ts';
import { parseTemplate } from '../src/template/document/template.ts';
import { resolve } from '../src/template/resolve/resolve.ts';
import { bench, jobWithout } from './fixtures/post-processing.ts';

const resolved = async (keys: object, variables: Readonly<Record<string, string>> = {}) => {
  const template = parseTemplate({
    name: 'web.small',
    variables: { key: { default: 'ssh-ed25519 AAAA me' }, pin: { default: '1234', sensitive: true } },
    machine: { floppy: 'media:floppy', disks: [{ size: '1G' }] },
    post_processors: [{ type: 'cloud-init', ...keys }],
  });
  const files = { media: { floppy: '/etc/hostname' } };
  const frozen = { buildId: 'id', timestampMs: 0 };
  const spec = await resolve({ template, variables, files, frozen, defaults: { timeoutMs: 1 } });
  const found = spec.postProcessors.find(({ type }) => type === 'cloud-init');
  assert.ok(found?.type === 'cloud-init');
  return found;
};

const names = ['meta-data', 'user-data', 'network-config'];

/** Its file name, and so many of the files on its CD. */
const seedOf = async (keys: object, count: number) => {
  await using at = await bench();
  await writeFile(at.disk.path, 'bytes');
  const spec = await resolved(keys);
  const drafts = [{ name: 'a.raw', mediaType: 'application/x-raw-disk-image', from: at.disk.path }];
  const given = await at.run(spec, ['a.raw'], drafts);
  assert.deepEqual(given[0], drafts[0]);
  const from = given[1]?.from ?? '';
  const again = (await at.run(spec, ['a.raw'], drafts))[1]?.from ?? '';
  assert.ok((await readFile(from)).equals(await readFile(again)), 'the same each time');
  assert.match(execFileSync('blkid', ['-p', '-o', 'export', from], { encoding: 'utf8' }), /^LABEL=cidata$/m);
  const read = (name: string) => execFileSync('bsdtar', ['-xOf', from, name], { encoding: 'utf8' });
  return { name: given[1]?.name, files: names.slice(0, count).map(read) };
};

test('a seed without a word has disk and file system grown, under the name of the template', async () => {
  assert.deepEqual(await seedOf({}, 2), {
    name: 'web.small-seed.iso',
    files: [
      `instance-id: imaged-${jobWithout.id}\nlocal-hostname: web\n`,
      '#cloud-config\n"growpart": {"mode":"auto","devices":["/"]}\n"resize_rootfs": true\n',
    ],
  });
});

test('a seed has what the template says, with its variables, and its own keys come before those that grow', async () => {
  const keys = {
    output: 'seed.iso',
    user_data: { ssh_authorized_keys: ['{{ key }}'], resize_rootfs: false },
    meta_data: 'instance-id: mine\n',
    network_config: { version: 2, ethernets: { all: { match: { name: 'e*' }, dhcp4: true } } },
  };
  const { name, files } = await seedOf(keys, 3);
  assert.equal(name, 'seed.iso');
  assert.match(files[1] ?? '', /^"resize_rootfs": false\n"ssh_authorized_keys": \["ssh-ed25519 AAAA me"\]$/m);
  assert.equal(files[0], 'instance-id: mine\n');
  assert.equal(files[2], '"version": 2\n"ethernets": {"all":{"match":{"name":"e*"},"dhcp4":true}}\n');
  const plain = await seedOf({ user_data: '#!/bin/sh\necho {{ key }}\n', grow: true }, 2);
  assert.equal(plain.files[1], '#!/bin/sh\necho ssh-ed25519 AAAA me\n');
});

test('a sensitive value in a seed is refused at its place', async () => {
  await assert.rejects(resolved({ user_data: { users: [{ name: 'me', passwd: '{{ pin }}' }] } }), (error) => {
    assert.ok(error instanceof Fault);
    assert.deepEqual(
      error.facts.errors?.map(({ pointer }) => pointer),
      ['/post_processors/0/user_data/users/0/passwd'],
    );
    assert.doesNotMatch(error.message, /1234/);
    return true;
  });
});
