import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { zstdDecompressSync } from 'node:zlib';
import { z } from 'zod';
import { componentsIn, schemaOfBills } from '../fixtures/bills.ts';
import { isVmd } from '../fixtures/hypervisor.ts';
import { guest, startImaged, type Imaged } from '../fixtures/imaged.ts';
import { wrongInStatement } from '../fixtures/statements.ts';
import { postContext, succeeded, tarOf, textOf } from '../fixtures/tiny-builds.ts';

const example = fileURLToPath(new URL('../../../examples/tiny-linux-published', import.meta.url));

let imaged: Imaged;

before(async () => {
  const tables =
    '[hypervisor.qemu]\naccelerator = "tcg"\n[provenance]\nbuilder_id = "https://builder.example.org/imaged"';
  imaged = await startImaged({ tables, media: { tiny: guest } });
});

after(() => imaged[Symbol.asyncDispose]());

const Statement = z.looseObject({
  subject: z.array(z.object({ name: z.string(), digest: z.object({ sha256: z.string() }) })),
  predicate: z.looseObject({
    buildDefinition: z.looseObject({
      resolvedDependencies: z.array(z.looseObject({ uri: z.string(), digest: z.record(z.string(), z.string()) })),
    }),
    runDetails: z.looseObject({ builder: z.looseObject({ id: z.string() }) }),
  }),
});

// vmd loads another kernel than the example names.
const skip = isVmd ? 'the example names a kernel for QEMU' : false;

test(
  'examples/tiny-linux-published ends with files whose bill, statement and digests are true of each other',
  { skip },
  async () => {
    const { id } = await postContext(imaged, await tarOf(example), 'application/x-tar');
    await succeeded(imaged, id);
    const bytesOf = async (name: string): Promise<Buffer> => {
      const reply = await imaged.call(`/builds/${id}/artifacts/${name}`);
      assert.equal(reply.status, 200, name);
      return Buffer.from(await reply.arrayBuffer());
    };
    const objectOf = async (name: string) => z.looseObject({}).parse(JSON.parse((await bytesOf(name)).toString()));
    const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

    const image = await bytesOf('tiny-linux.qcow2.zst');
    const bill = await objectOf('tiny-linux.cdx.json');
    const isValid = await schemaOfBills();
    assert.deepEqual(isValid(bill), []);
    assert.ok(JSON.stringify(bill).includes(sha256(zstdDecompressSync(image))), 'the bill is one of the disk');
    assert.match(JSON.stringify(bill), /none: the guest has no package manager/);
    const named = componentsIn(bill).map(({ name }) => name);
    for (const name of ['Linux', 'media:tiny/vmlinux', 'media:tiny/sets/base79.tgz'])
      assert.ok(named.includes(name), name);

    const statement = await objectOf('tiny-linux.intoto.json');
    assert.deepEqual(wrongInStatement(statement), []);
    const { subject, predicate } = Statement.parse(statement);
    assert.deepEqual(subject.map(({ name, digest }) => [name, digest.sha256]).toSorted(), [
      ['tiny-linux.cdx.json', sha256(await bytesOf('tiny-linux.cdx.json'))],
      ['tiny-linux.qcow2.zst', sha256(image)],
    ]);
    assert.equal(predicate.runDetails.builder.id, 'https://builder.example.org/imaged');
    const uris = predicate.buildDefinition.resolvedDependencies.map(({ uri }) => uri);
    assert.ok(uris.includes('media:tiny/installer.cpio'), uris.join(' '));
    const sums = (await bytesOf('tiny-linux.qcow2.zst.sha256')).toString();
    assert.equal(sums, `SHA256 (tiny-linux.qcow2.zst) = ${sha256(image)}\n`);
    assert.match(await textOf(imaged, id, 'log'), /neither cloud-init nor growpart is there: nothing grows by itself/);
  },
);
