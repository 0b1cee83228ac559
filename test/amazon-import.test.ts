import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../src/base/clock.ts';
import { Fault } from '../src/base/fault.ts';
import { digestsOf } from '../src/image/digests.ts';
import { destination } from '../src/outward/destination.ts';
import { hostOf } from '../src/outward/hosts.ts';
import type { AmazonSettings } from '../src/post-processors/upload/amazon-settings.ts';
import { importImage } from '../src/send/ec2/import-image.ts';
import { completed, ec2Server, imageThere, refusal, task } from './fixtures/ec2-server.ts';
import { parseTemplate } from '../src/template/document/template.ts';
import { resolve } from '../src/template/resolve/resolve.ts';
import { bench } from './fixtures/post-processing.ts';
import { s3Login, s3Server } from './fixtures/s3-server.ts';

const ami: AmazonSettings['ami'] = {
  name: 'tiny',
  description: 'one',
  architecture: 'x86_64',
  bootMode: 'uefi',
  tags: { of: 'a test' },
  users: ['123456789012'],
};

type Answers = Parameters<typeof ec2Server>[0];

type Changes = { readonly replaces?: boolean; readonly keepsObject?: boolean; readonly stop?: AbortController };

const policy = { attempts: 3, firstMs: 1, growth: 1, mostMs: 1 };

/** An import to servers of its own; what was asked of EC2, what came of it, and whether the object is there afterwards. */
const imported = async (answers: Answers, changes: Changes = {}) => {
  const { replaces = false, keepsObject = false, stop } = changes;
  const signal = stop?.signal ?? new AbortController().signal;
  // Where an answer comes, a slow host has the time for it.
  const silentMs = Object.values(answers ?? {})
    .flat()
    .includes('silence')
    ? 1000
    : 20_000;
  await using store = await s3Server('images');
  await using ec2 = await ec2Server(answers);
  await using shop = await bench();
  const path = join(shop.workspace, 'draft9.raw');
  await writeFile(path, 'the disk');
  const { size, digests } = await digestsOf(path, ['sha256'], signal);
  const percents: number[] = [];
  const lines: string[] = [];
  const place = { region: 'eu-central-1', login: s3Login };
  const result = await importImage(
    {
      s3: { ...place, bucket: 'images', endpoint: new URL(`http://127.0.0.1:${store.port}`) },
      ec2: { ...place, endpoint: new URL(ec2.url) },
      source: { key: 'a/disk.raw', format: 'raw', role: 'vmimport', description: 'one' },
      ...{ ami, replaces, keepsObject },
    },
    { path, name: 'disk.raw', mediaType: 'x/y', size, sha256: digests.get('sha256') ?? '' },
    {
      peer: destination(() => [hostOf(`127.0.0.1:${store.port}`), hostOf(`127.0.0.1:${ec2.port}`)]),
      ...{ clock: systemClock, policy, silentMs, progress: () => undefined, signal },
      log: (line) => void lines.push(line),
      onPercent: (percent) => {
        percents.push(percent);
        stop?.abort(new Error('cancelled'));
      },
      polls: { firstMs: 1, growth: 2, mostMs: 5 },
    },
  ).catch((error: unknown) => error);
  const { status } = await fetch(store.at('a/disk.raw'), { method: 'HEAD' });
  return { result, percents, lines, asked: ec2.asked, actions: ec2.actions(), isThere: status === 200 };
};

const faultIn = ({ result }: { readonly result: unknown }) => {
  assert.ok(result instanceof Fault, JSON.stringify(result));
  return result;
};

const active = task('<status>active</status><progress>40</progress><statusMessage>pending</statusMessage>');

test('a disk becomes a snapshot and an image with its tags and users, and leaves nothing in the bucket', async () => {
  const done = await imported({ DescribeImportSnapshotTasks: [active, active, completed] });
  assert.deepEqual(done.result, { snapshot: 'snap-1', image: 'ami-1' });
  assert.deepEqual(done.percents, [40, 40]);
  assert.equal(done.isThere, false);
  assert.deepEqual(done.actions, [
    ...['DescribeImages', 'ImportSnapshot', 'DescribeImportSnapshotTasks', 'DescribeImportSnapshotTasks'],
    ...['DescribeImportSnapshotTasks', 'CreateTags', 'RegisterImage', 'ModifyImageAttribute'],
  ]);
  const [, source, , , , , image, users] = done.asked;
  assert.equal(source?.get('DiskContainer.UserBucket.S3Key'), 'a/disk.raw');
  assert.equal(source?.get('RoleName'), 'vmimport');
  assert.equal(image?.get('BlockDeviceMapping.1.Ebs.SnapshotId'), 'snap-1');
  assert.equal(image?.get('BootMode'), 'uefi');
  assert.equal(image?.get('TagSpecification.1.Tag.1.Value'), 'a test');
  assert.equal(users?.get('LaunchPermission.Add.1.UserId'), '123456789012');
});

test('an import that EC2 gives up says why, is cancelled, and its object is deleted', async () => {
  const gone = task('<status>deleted</status><statusMessage>ClientError: No valid partitions</statusMessage>');
  const done = await imported({ DescribeImportSnapshotTasks: [active, gone] });
  assert.match(faultIn(done).message, /could not import the disk.*ClientError: No valid partitions/);
  assert.equal(faultIn(done).code, 'destination_refused');
  assert.equal(done.actions.at(-1), 'CancelImportTask');
  assert.equal(done.isThere, false);
});

test('a name that is taken is refused before anything is sent, unless it is to be replaced', async () => {
  const there = { DescribeImages: [imageThere('ami-0', 'snap-0')], DescribeImportSnapshotTasks: [completed] };
  const refused = await imported(there);
  assert.match(faultIn(refused).message, /"tiny" already, ami-0.*force_deregister/);
  assert.deepEqual(refused.actions, ['DescribeImages']);
  const { actions, asked, isThere } = await imported(there, { replaces: true, keepsObject: true });
  assert.equal(asked[actions.indexOf('DeregisterImage')]?.get('ImageId'), 'ami-0');
  assert.ok(actions.indexOf('DeregisterImage') < actions.indexOf('RegisterImage'));
  assert.equal(isThere, true);
});

test('what is throttled or hangs is asked again, as the same import', async () => {
  const slow = refusal(503, 'RequestLimitExceeded', 'Request limit exceeded.');
  const { result, asked } = await imported({
    ImportSnapshot: [slow, 'silence', { body: '<importTaskId>import-snap-1</importTaskId>' }],
    DescribeImportSnapshotTasks: [slow, completed],
  });
  assert.deepEqual(result, { snapshot: 'snap-1', image: 'ami-1' });
  const tokens = asked.filter((form) => form.get('Action') === 'ImportSnapshot').map((form) => form.get('ClientToken'));
  assert.equal(tokens.length, 3);
  assert.equal(new Set(tokens).size, 1);
});

test('a registration whose answer was lost is found again, and one that is refused leaves no snapshot', async () => {
  const taken = refusal(400, 'InvalidAMIName.Duplicate', 'AMI name tiny is already in use by AMI ami-7');
  const imports = { DescribeImportSnapshotTasks: [completed], RegisterImage: [taken] };
  const found = await imported({
    ...imports,
    DescribeImages: [{ body: '<imagesSet/>' }, imageThere('ami-7', 'snap-1')],
  });
  assert.deepEqual(found.result, { snapshot: 'snap-1', image: 'ami-7' });
  const lost = await imported({
    ...imports,
    DescribeImages: [{ body: '<imagesSet/>' }, imageThere('ami-7', 'snap-7')],
  });
  assert.match(faultIn(lost).message, /could not register the image.*InvalidAMIName\.Duplicate/);
  assert.equal(lost.actions.at(-1), 'DeleteSnapshot');
});

test('an import of a build that is cancelled is cancelled as well', async () => {
  const stop = new AbortController();
  const done = await imported({ DescribeImportSnapshotTasks: [active] }, { stop });
  assert.equal(done.result, stop.signal.reason);
  assert.equal(done.actions.at(-1), 'CancelImportTask');
  assert.equal(done.isThere, false);
});

test('the build says where its image is, keeps the disk, and tells no key', async () => {
  await using store = await s3Server('images');
  await using ec2 = await ec2Server({ DescribeImportSnapshotTasks: [completed] });
  const hosts = [`127.0.0.1:${store.port}`, `127.0.0.1:${ec2.port}`].map(hostOf);
  await using shop = await bench({ destination: destination(() => hosts) });
  const draft = { name: 'd.raw', mediaType: 'application/x-raw-disk-image', from: join(shop.workspace, 'draft9-0.x') };
  await writeFile(draft.from, 'the disk');
  const settings: AmazonSettings = {
    ...{ region: 'eu-central-1', bucket: 'images', key: 'd.raw', role: 'vmimport', format: 'raw', ami },
    ...{ replaces: false, keepsObject: false, login: s3Login },
    ...{ endpoint: `http://127.0.0.1:${store.port}`, ec2Endpoint: ec2.url },
  };
  const given = await shop.run({ type: 'amazon-import', settings }, ['d.raw'], [draft]);
  assert.deepEqual(
    given.map(({ name }) => name),
    ['d.raw'],
  );
  const { told } = shop.tools;
  assert.match(JSON.stringify(told), /arn:aws:ec2:eu-central-1::image\/ami-1/);
  assert.doesNotMatch(JSON.stringify(told), /S3RVER/);
});

/** The settings that a template comes to on a host that may send to these hosts. */
const resolved = async (asked: object, hosts: readonly string[]) => {
  const secret = '{{ secret }}';
  const basic = { region: 'eu-central-1', s3_bucket_name: 'images', access_key: secret, secret_key: secret };
  const convert = { type: 'convert', format: 'vhd' };
  const template = parseTemplate({
    ...{ name: 'least', machine: { floppy: 'media:floppy', disks: [{ size: '1G' }] }, install: {} },
    variables: { secret: { sensitive: true, default: 'S3RVER' } },
    post_processors: [convert, { type: 'amazon-import', format: 'vhd', ...basic, ...asked }],
  });
  const host = { destination: destination(() => hosts.map(hostOf)) };
  const spec = await resolve({
    ...{ template, variables: {}, frozen: { buildId: '01J0000000000000000000000A', timestampMs: 0 } },
    files: {
      media: { floppy: import.meta.filename },
      host: {
        means: { hypervisor: 'qemu', builderId: 'imaged:host/test', programs: { 'qemu-img': 'qemu-img' }, ...host },
      },
    },
    defaults: { timeoutMs: 3_600_000 },
  });
  const found = spec.postProcessors.find(({ type }) => type === 'amazon-import');
  assert.ok(found?.type === 'amazon-import');
  return found.settings;
};

const amazon = ['*.amazonaws.com'];

test('an import has its defaults of the template, the build and the machine', async () => {
  const { ami: image, key, role, bucket } = await resolved({ tags: { 'a/b': 'x' } }, amazon);
  assert.deepEqual(image, {
    ...{ name: 'least-01J0000000000000000000000A', description: '', architecture: 'x86_64', bootMode: 'legacy-bios' },
    ...{ tags: { 'a/b': 'x' }, users: [] },
  });
  assert.deepEqual([key, role, bucket], ['imaged-import-01J0000000000000000000000A.vhd', 'vmimport', 'images']);
});

test('what is wrong with an import is told at POST, with its place', async () => {
  const cases: readonly (readonly [object, readonly string[], RegExp])[] = [
    [{}, [], /1\/s3_bucket_name https:\/\/images\.s3\.eu-central-1\.amazonaws\.com\/ is on a host/],
    [
      {},
      ['images.s3.eu-central-1.amazonaws.com'],
      /1\/region https:\/\/ec2\.eu-central-1\.amazonaws\.com\/ is on a host/,
    ],
    [{ ec2_endpoint: 'http://127.0.0.1:1/' }, amazon, /1\/ec2_endpoint/],
    [{ endpoint: 'file:///x' }, amazon, /1\/endpoint is no http or https URL/],
    [{ region: 'eu.evil/' }, amazon, /1\/region is no region/],
    [{ s3_key_name: 'a/../b' }, amazon, /1\/s3_key_name has other characters/],
    [{ ami_name: 'a*' }, amazon, /1\/ami_name has not 3 to 128/],
    [{ ami_users: ['all'] }, amazon, /1\/ami_users\/0 is no account/],
    [{ access_key: 'AKIA' }, amazon, /1\/access_key stands in the template for all to read/],
    [{ format: 'raw' }, amazon, /1 takes no disk of the format raw/],
  ];
  for (const [asked, hosts, said] of cases) {
    const error: unknown = await resolved(asked, hosts).catch((reason: unknown) => reason);
    assert.ok(error instanceof Fault, JSON.stringify(asked));
    assert.match((error.facts.errors ?? []).map(({ pointer, message }) => `${pointer} ${message}`).join('\n'), said);
  }
});
