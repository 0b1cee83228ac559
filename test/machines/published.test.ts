import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { runProgram } from '../../src/base/program.ts';
import { componentsIn, schemaOfBills } from '../fixtures/bills.ts';
import { isVmd } from '../fixtures/hypervisor.ts';
import { startImaged } from '../fixtures/imaged.ts';
import { wrongInStatement } from '../fixtures/statements.ts';
import { postContext, succeeded, tarOf, textOf } from '../fixtures/tiny-builds.ts';
import { webhookReceiver, type Received } from '../webhook-receiver.ts';

const example = fileURLToPath(new URL('../../../examples/tiny-linux-published', import.meta.url));
const builder = 'https://builder.example.org/imaged';
const secret = 'a text of more than sixteen characters';

const Listed = z.object({ items: z.array(z.object({ name: z.string(), sha256: z.string() })) });
const Manifest = z.looseObject({
  artifacts: z.array(z.looseObject({ name: z.string(), size: z.number(), sha256: z.string() })),
});
const Statement = z.looseObject({
  subject: z.array(z.object({ name: z.string(), digest: z.object({ sha256: z.string() }) })),
  predicate: z.looseObject({
    buildDefinition: z.looseObject({ resolvedDependencies: z.array(z.looseObject({ uri: z.string() })) }),
    runDetails: z.looseObject({ builder: z.looseObject({ id: z.string() }) }),
  }),
});
const Told = z.looseObject({
  type: z.string(),
  data: z.looseObject({ build: z.looseObject({ id: z.string(), status: z.string() }) }),
});

/** A folder of this test with a pair of keys of signify, made by its own program. */
const makeHome = async () => {
  const home = await mkdtemp(join(tmpdir(), 'published-'));
  const key = { open: join(home, 'host.pub'), secret: join(home, 'host.sec') };
  const run = async (file: string, ...args: readonly string[]) =>
    (await runProgram(file, args, { signal: new AbortController().signal, cwd: join(home, 'out') })).stdout;
  await mkdir(join(home, 'out'));
  await run('signify-openbsd', '-G', '-n', '-p', key.open, '-s', key.secret);
  await chmod(key.secret, 0o600);
  return {
    ...{ key, run, out: join(home, 'out'), context: join(home, 'context') },
    [Symbol.asyncDispose]: () => rm(home, { recursive: true }),
  };
};
type Home = Awaited<ReturnType<typeof makeHome>>;

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const proveDisks = async ({ out, run }: Home): Promise<string> => {
  await run('zstd', '-q', '-t', 'tiny-linux.qcow2.zst');
  await run('zstd', '-q', '-d', 'tiny-linux.qcow2.zst', '-o', 'disk.qcow2');
  await run('qemu-img', 'check', '-q', 'disk.qcow2');
  assert.equal(await run('tar', '-tf', 'tiny-linux.box'), 'metadata.json\nVagrantfile\nbox.img\n');
  await run('tar', '-xf', 'tiny-linux.box');
  await run('qemu-img', 'check', '-q', 'box.img');
  await run('qemu-img', 'compare', '-q', 'box.img', 'disk.qcow2');
  const metadata: unknown = JSON.parse(await readFile(join(out, 'metadata.json'), 'utf8'));
  const told = { provider: 'libvirt', architecture: 'amd64', format: 'qcow2', virtual_size: 1 };
  assert.deepEqual(metadata, told);
  assert.match(await readFile(join(out, 'Vagrantfile'), 'utf8'), /config\.ssh\.username = "root"/);
  return sha256(await readFile(join(out, 'disk.qcow2')));
};

const proveSums = async ({ key, run }: Home, signed: readonly string[]): Promise<void> => {
  // Each file by two digests; of what sha256sum(1) reads, the lines with another digest are none.
  for (const program of ['sha256sum', 'sha512sum'])
    assert.deepEqual((await run(program, '-c', 'SUMS')).trim().split('\n').toSorted(), signed.map((name) => `${name}: OK`)); // prettier-ignore
  const verified = await run('signify-openbsd', '-C', '-p', key.open, '-x', 'SUMS.sig');
  assert.match(verified, /^Signature Verified\n/);
  for (const name of signed) assert.ok(verified.includes(`${name}: OK\n`), name);
};

const proveTold = ({ headers, body }: Received, id: string): void => {
  const { type, data } = Told.parse(JSON.parse(body));
  assert.deepEqual([type, data.build.id, data.build.status], ['build.succeeded', id, 'succeeded']);
  const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
  const due = createHmac('sha256', secret).update(signed).digest('base64');
  assert.equal(headers['webhook-signature'], `v1,${due}`);
};

// vmd loads another kernel than the example names.
const skip = isVmd ? 'the example names a kernel for QEMU' : false;

test(
  'examples/tiny-linux-published ends with files that their own readers take, signed and true of each other, and is told of',
  { skip },
  async () => {
    await using home = await makeHome();
    await using receiver = await webhookReceiver();
    const tables = [
      '[hypervisor.qemu]\naccelerator = "tcg"',
      `[provenance]\nbuilder_id = "${builder}"`,
      `[sign]\nkey = "${home.key.secret}"`,
      `[destinations]\nhosts = ["127.0.0.1:${receiver.port}"]`,
    ].join('\n');
    await using imaged = await startImaged({ tables });
    await cp(example, home.context, { recursive: true });
    const variables = JSON.stringify({ webhook_url: receiver.url, webhook_secret: secret });
    await writeFile(join(home.context, 'variables.json'), variables);
    const { id } = await postContext(imaged, await tarOf(home.context), 'application/x-tar');
    await succeeded(imaged, id);

    const { items } = Listed.parse(await (await imaged.call(`/builds/${id}/artifacts`)).json());
    for (const { name } of items) {
      const reply = await imaged.call(`/builds/${id}/artifacts/${name}`);
      assert.equal(reply.status, 200, name);
      await writeFile(join(home.out, name), new Uint8Array(await reply.arrayBuffer()));
    }
    const made = ['tiny-linux.box', 'tiny-linux.cdx.json', 'tiny-linux.qcow2.zst'];
    const signed = ['manifest.json', ...made, 'tiny-linux.intoto.json'].toSorted();
    assert.deepEqual(items.map(({ name }) => name).toSorted(), ['SUMS', 'SUMS.sig', ...signed]);
    await proveSums(home, signed);
    const disk = await proveDisks(home);

    const objectOf = async (name: string) =>
      z.looseObject({}).parse(JSON.parse(await readFile(join(home.out, name), 'utf8')));
    const bill = await objectOf('tiny-linux.cdx.json');
    assert.deepEqual((await schemaOfBills())(bill), []);
    assert.ok(JSON.stringify(bill).includes(disk), 'the bill is one of the disk');
    assert.match(JSON.stringify(bill), /none: the guest has no package manager/);
    const named = componentsIn(bill).map(({ name }) => name);
    for (const name of ['Linux', 'media:tiny/vmlinux', 'media:tiny/sets/base79.tgz'])
      assert.ok(named.includes(name), name);

    const statement = await objectOf('tiny-linux.intoto.json');
    assert.deepEqual(wrongInStatement(statement), []);
    const { subject, predicate } = Statement.parse(statement);
    const digestOf = (name: string) => items.find((item) => item.name === name)?.sha256;
    assert.deepEqual(
      subject.map(({ name, digest }) => [name, digest.sha256]).toSorted(),
      made.map((name) => [name, digestOf(name)]),
    );
    assert.equal(predicate.runDetails.builder.id, builder);
    const uris = predicate.buildDefinition.resolvedDependencies.map(({ uri }) => uri);
    assert.ok(uris.includes('media:tiny/installer.cpio'), uris.join(' '));
    const { artifacts } = Manifest.parse(await objectOf('manifest.json'));
    assert.deepEqual(
      artifacts.map(({ name, sha256 }) => [name, sha256]).toSorted(),
      [...made, 'tiny-linux.intoto.json'].toSorted().map((name) => [name, digestOf(name)]),
    );

    await receiver.untilReceived(1);
    for (const told of receiver.received) proveTold(told, id);
    assert.ok(!(await readFile(join(home.out, 'tiny-linux.intoto.json'), 'utf8')).includes(secret));
    assert.match(await textOf(imaged, id, 'log'), /neither cloud-init nor growpart is there: nothing grows by itself/);
  },
);
