import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { Fault } from '../src/base/fault.ts';
import { unpackContext } from '../src/context/context.ts';
import { runs } from './fixtures/long.ts';

const segment = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f') },
  fc.constantFrom('a', 'b', 'c', '..', '.', '', 'template.json', '\0', 'é', 'x'.repeat(99), '\\', '~', ' ', '\n'),
  fc.string({ unit: 'binary', maxLength: 4 }),
);
const name = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'));
const path = fc.oneof(name, name.map((below) => `/${below}`), name.map((below) => `${below}/`)); // prettier-ignore

type Entry = {
  readonly name: string;
  readonly link: string;
  readonly flag: string;
  readonly mode: number;
  readonly body: Uint8Array;
  readonly declared: number | undefined;
};

const entry: fc.Arbitrary<Entry> = fc.record({
  name: path,
  link: fc.oneof(path, fc.constantFrom('/etc/passwd', '../..', 'a', '')),
  flag: fc.oneof({ weight: 12, arbitrary: fc.constantFrom('0', '5') }, { weight: 1, arbitrary: fc.constantFrom('0', '\0', '1', '2', '3', '4', '5', '6', '7', 'x', 'g', 'L', 'K', 'S', 'Z') }), // prettier-ignore
  mode: fc.integer({ min: 0, max: 0o7777 }),
  body: fc.uint8Array({ maxLength: 1200 }),
  declared: fc.oneof({ weight: 20, arbitrary: fc.constant(undefined) }, fc.integer({ min: 0, max: 100_000 })),
});

/** A tar's header as bytes, however wrong its fields are; only its checksum is right. */
const block = ({ name, link, flag, mode, body, declared }: Entry): Buffer => {
  const header = Buffer.alloc(512);
  header.write(name, 0, 100);
  header.write(mode.toString(8).padStart(7, '0'), 100);
  header.write((declared ?? body.length).toString(8).padStart(11, '0'), 124);
  header.write('        ', 148);
  header.write(flag, 156);
  header.write(link, 157, 100);
  header.write('ustar\x0000', 257);
  header.write(
    header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0') + '\0 ',
    148,
  );
  return Buffer.concat([header, body, Buffer.alloc((512 - (body.length % 512)) % 512)]);
};

const tarOf = (entries: readonly Entry[]) => Buffer.concat([...entries.map(block), Buffer.alloc(1024)]);

const archive = fc.oneof(
  { weight: 8, arbitrary: fc.array(entry, { minLength: 1, maxLength: 5 }).map(tarOf) },
  { weight: 1, arbitrary: fc.tuple(fc.array(entry, { maxLength: 3 }).map(tarOf), fc.nat()).map(([tar, cut]) => tar.subarray(0, cut % tar.length)) }, // prettier-ignore
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)) },
);

test('whatever an archive holds, it is files below its folder or a fault, and then nothing at all', async () => {
  const home = await mkdtemp(join(tmpdir(), 'context-property-'));
  const counts = { unpacked: 0, refused: 0 };
  try {
    await fc.assert(
      fc.asyncProperty(
        archive,
        fc.constantFrom('identity', 'identity', 'identity', 'gzip', 'zstd'),
        async (tar, encoding) => {
          const folder = join(home, 'deep/er/context');
          const body = Readable.from([encoding === 'gzip' ? gzipSync(tar) : tar]);
          const limits = { files: 50, bytes: 100_000 };
          await mkdir(join(home, 'deep/er'), { recursive: true });
          try {
            const { files } = await unpackContext({
              body,
              encoding,
              folder,
              limits,
              lasts: true,
              signal: new AbortController().signal,
            });
            counts.unpacked += 1;
            const found = await readdir(folder, { recursive: true, withFileTypes: true });
            assert.ok(found.every((one) => one.isFile() || one.isDirectory()));
            assert.equal(found.filter((one) => one.isFile()).length, files);
            await rm(folder, { recursive: true });
          } catch (error) {
            if (!(error instanceof Fault)) throw error;
            counts.refused += 1;
            assert.match(error.code, /^(context_invalid|too_large)$/);
          }
          assert.deepEqual(await readdir(home, { recursive: true }), ['deep', 'deep/er']);
        },
      ),
      runs(6000),
    );
    assert.ok(counts.unpacked > 3 && counts.refused > 100, JSON.stringify(counts));
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});
