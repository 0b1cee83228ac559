import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { pack, type Header } from 'tar-stream';
import { Fault } from '../src/base/fault.ts';
import { unpackContext } from '../src/context/context.ts';
import { atBestMs } from './fixtures/at-best.ts';

type Entry = Partial<Header> & { readonly name: string; readonly body?: string | Buffer };

const tarOf = async (entries: readonly Entry[]): Promise<Buffer> => {
  const tar = pack();
  for (const { body, ...header } of entries)
    if (body === undefined) tar.entry(header).end(undefined);
    else tar.entry(header, body);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

const workshop = async () => {
  const home = await mkdtemp(join(tmpdir(), 'context-'));
  const folder = join(home, 'context');
  return {
    home,
    folder,
    unpack: (
      tar: Buffer | Readable,
      encoding: 'identity' | 'gzip' | 'zstd' = 'identity',
      limits = { files: 100, bytes: 1_000_000 },
      signal = new AbortController().signal,
    ) => {
      const body = tar instanceof Readable ? tar : Readable.from([tar]);
      return unpackContext({ body, encoding, folder, limits, lasts: true, signal });
    },
    tree: async () => (await readdir(home, { recursive: true })).sort(),
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  };
};

const fails = (code: string, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Fault, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, message);
  return true;
};

const plain: readonly Entry[] = [
  { name: 'template.json', body: '{}' },
  { name: 'bin/run.sh', mode: 0o755, body: 'echo\n' },
];

test('files are written below the folder, with the execute bit and nothing else of their mode', async () => {
  await using shop = await workshop();
  const context = await shop.unpack(await tarOf([...plain, { name: 'set', mode: 0o4777, body: 'x' }]));
  assert.deepEqual(await shop.tree(), [
    'context',
    'context/bin',
    'context/bin/run.sh',
    'context/set',
    'context/template.json',
  ]);
  const modeOf = async (path: string) => (await stat(join(shop.folder, path))).mode & 0o7777;
  assert.deepEqual(await Promise.all(['', 'bin', 'bin/run.sh', 'template.json', 'set'].map(modeOf)), [0o700, 0o700, 0o700, 0o600, 0o700]); // prettier-ignore
  assert.equal(await readFile(join(shop.folder, 'bin/run.sh'), 'utf8'), 'echo\n');
  assert.deepEqual({ files: context.files, bytes: context.bytes }, { files: 3, bytes: 8 });
});

test('the digest is the same however the archive was packed, and another when a byte or a mode differs', async () => {
  const digest = async (entries: readonly Entry[]) => {
    await using shop = await workshop();
    return (await shop.unpack(await tarOf(entries))).digest;
  };
  const first = await digest(plain);
  const other = [...plain]
    .reverse()
    .map((entry) => ({ ...entry, name: `./${entry.name}`, mtime: new Date(0), uid: 7 }));
  assert.equal(await digest([{ name: './', type: 'directory' }, { name: 'bin/', type: 'directory' }, ...other]), first);
  assert.notEqual(await digest([...plain.slice(0, 1), { name: 'bin/run.sh', mode: 0o644, body: 'echo\n' }]), first);
  assert.notEqual(await digest([...plain.slice(0, 1), { name: 'bin/run.sh', mode: 0o755, body: 'echo!' }]), first);
});

/** A zstd stream of raw blocks: what any encoder may write. */
const zstdOf = (bytes: Buffer, window = 0x38): Buffer => {
  const blocks: Buffer[] = [];
  for (let from = 0; from === 0 || from < bytes.length; from += 100_000) {
    const part = bytes.subarray(from, from + 100_000);
    const header = Buffer.alloc(3);
    header.writeUIntLE((part.length << 3) | Number(from + 100_000 >= bytes.length), 0, 3);
    blocks.push(header, part);
  }
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, window]), ...blocks]);
};

test("GNU tar's own archives unpack in all three encodings, with names of any length", async () => {
  await using source = await workshop();
  const long = `${'d'.repeat(120)}/${'e'.repeat(120)}/${'n'.repeat(180)}`;
  const { digest } = await source.unpack(await tarOf([...plain, { name: long, body: 'deep' }]));
  const hasZstd = (await execa('zstd', ['--version'], { reject: false })).exitCode === 0;
  for (const format of ['gnu', 'pax']) {
    const { stdout } = await execa('tar', ['-C', source.folder, '--format', format, '-cf', '-', '.'], { encoding: 'buffer' }); // prettier-ignore
    const tar = Buffer.from(stdout);
    const packed = [
      [tar, 'identity'],
      [gzipSync(tar), 'gzip'],
      [Buffer.concat([zstdOf(tar.subarray(0, 700)), zstdOf(tar.subarray(700))]), 'zstd'],
    ] as const;
    const file = join(source.home, `${format}.tar`);
    await writeFile(file, tar);
    if (hasZstd) await execa('zstd', ['-q', '-f', file]);
    const real = hasZstd ? ([[await readFile(`${file}.zst`), 'zstd']] as const) : [];
    for (const [body, encoding] of [...packed, ...real]) {
      await using shop = await workshop();
      assert.equal((await shop.unpack(body, encoding)).digest, digest, `${format} ${encoding}`);
      assert.equal(await readFile(join(shop.folder, long), 'utf8'), 'deep');
    }
  }
});

test('a sparse file is refused in every form, for its holes would be lost and its bytes lie elsewhere', async () => {
  await using source = await workshop();
  await source.unpack(await tarOf(plain));
  await writeFile(join(source.folder, 'disk.raw'), '');
  await truncate(join(source.folder, 'disk.raw'), 4 * 1024 * 1024);
  for (const [format, ...version] of [
    ['gnu'],
    ['posix'],
    ['posix', '--sparse-version=0.0'],
    ['posix', '--sparse-version=0.1'],
  ]) {
    const { stdout } = await execa('tar', ['-C', source.folder, '-S', `--format=${format}`, ...version, '-cf', '-', '.'], { encoding: 'buffer' }); // prettier-ignore
    await using shop = await workshop();
    await assert.rejects(shop.unpack(Buffer.from(stdout)), fails('context_invalid', /holds a sparse file/));
    assert.deepEqual(await shop.tree(), [], `${format} ${version.join()}`);
  }
});

test('a zstd archive that would cost too much memory or time is refused before it is decoded', async () => {
  await using shop = await workshop();
  const tar = await tarOf(plain);
  await assert.rejects(shop.unpack(zstdOf(tar, 0x80), 'zstd'), fails('context_invalid', /window of more than 8 MiB/));
  const runs = Buffer.concat([
    zstdOf(Buffer.alloc(0)).subarray(0, 6),
    Buffer.alloc(600_000, Buffer.from([2, 0, 0x20, 0])),
  ]);
  await assert.rejects(shop.unpack(runs, 'zstd'), fails('context_invalid', /block of more than/));
  const tiny = Buffer.concat([zstdOf(Buffer.alloc(0), 0x68).subarray(0, 6), Buffer.alloc(60_000)]);
  await assert.rejects(shop.unpack(tiny, 'zstd'), fails('context_invalid', /too many blocks/));
  assert.deepEqual(await shop.tree(), []);
});

test('whatever could lead outside is refused by name, and nothing is left behind', async () => {
  const cases: readonly (readonly [Entry, RegExp])[] = [
    [{ name: '../evil', body: 'x' }, /"\.\.\/evil" has "\.\."/],
    [{ name: 'a/../../evil', body: 'x' }, /has "\.\."/],
    [{ name: '/etc/evil', body: 'x' }, /absolute/],
    [{ name: 'l', type: 'symlink', linkname: '/etc/passwd' }, /"l" is a symbolic link/],
    [{ name: 'l', type: 'symlink', linkname: 'template.json' }, /symbolic link/],
    [{ name: 'l', type: 'link', linkname: 'template.json' }, /hard link/],
    [{ name: 'd', type: 'character-device', devmajor: 1, devminor: 3 }, /device/],
    [{ name: 'd', type: 'block-device' }, /device/],
    [{ name: 'p', type: 'fifo' }, /pipe/],
    [{ name: 'template.json', body: 'again' }, /twice/],
    [{ name: 'template.json/x', body: 'x' }, /needs a folder where the file/],
    [{ name: 'bin', body: 'x' }, /twice/],
    [{ name: './', type: 'file', body: 'x' }, /without a name/],
    [{ name: 'a\nb', body: 'x' }, /control character/],
    [{ name: 'n'.repeat(256), body: 'x' }, /more than 255 bytes/],
    [{ name: 'a/'.repeat(40) + 'x', body: 'x' }, /folders deep/],
    [{ name: 'n/'.repeat(20) + `${'m'.repeat(200)}/`.repeat(6) + 'x', body: 'x' }, /1024 in all/],
  ];
  for (const [entry, message] of cases) {
    await using shop = await workshop();
    await assert.rejects(shop.unpack(await tarOf([...plain, entry])), fails('context_invalid', message));
    assert.deepEqual(await shop.tree(), [], entry.name);
  }
});

test('an archive that is cut off, empty or garbage is refused, and nothing is left behind', async () => {
  const tar = await tarOf([...plain, { name: 'big', body: Buffer.alloc(5000, 'x') }]);
  const cases: readonly (readonly [Buffer, 'identity' | 'gzip' | 'zstd'])[] = [
    ...[1, 300, 512, 1000, 1024, 3000, tar.length - 1024].map(
      (length) => [tar.subarray(0, length), 'identity'] as const,
    ),
    [Buffer.alloc(0), 'identity'],
    [Buffer.from('hello world'.repeat(100)), 'identity'],
    [gzipSync(tar), 'identity'],
    [tar, 'gzip'],
    [tar, 'zstd'],
    [Buffer.alloc(0), 'gzip'],
    [Buffer.alloc(0), 'zstd'],
    [gzipSync(tar).subarray(0, 100), 'gzip'],
  ];
  for (const [body, encoding] of cases) {
    await using shop = await workshop();
    await assert.rejects(
      shop.unpack(body, encoding),
      fails('context_invalid', /archive/),
      `${encoding} ${body.length}`,
    );
    assert.deepEqual(await shop.tree(), []);
  }
});

test('a body that is something else than its type says is told with the type that it needs', async () => {
  const tar = await tarOf(plain);
  const xz = Buffer.concat([Buffer.from('\xfd7zXZ\0', 'latin1'), Buffer.alloc(600, 1)]);
  const cases: readonly (readonly [Buffer, 'identity' | 'gzip' | 'zstd', RegExp])[] = [
    [Buffer.from('{"template": {}}'), 'identity', /^The body is JSON, not a tar archive: send .* application\/json\.$/],
    [Buffer.from('{"template": {}}'), 'gzip', /^The body is JSON/],
    [xz, 'identity', /^The archive is compressed by xz: send tar, gzip or zstd\.$/],
    [Buffer.from(`BZh9${'x'.repeat(600)}`), 'gzip', /^The archive is compressed by bzip2: /],
    [gzipSync(tar), 'identity', /^The archive is compressed by gzip: send Content-Type: application\/gzip\.$/],
    [tar, 'gzip', /^The body is a tar archive that is not compressed: send Content-Type: application\/x-tar\.$/],
    [Buffer.from('hello world'.repeat(100)), 'identity', /^The body is no tar archive\.$/],
    [Buffer.from('hello world'.repeat(100)), 'zstd', /^The body is no file of zstd\.$/],
  ];
  for (const [body, encoding, words] of cases) {
    await using shop = await workshop();
    await assert.rejects(shop.unpack(body, encoding), fails('context_invalid', words));
    await assert.rejects(shop.unpack(Readable.from([...body.subarray(0, 600)].map((byte) => Buffer.of(byte))), encoding), fails('context_invalid', words)); // prettier-ignore
  }
  await using shop = await workshop();
  assert.equal((await shop.unpack(await tarOf([{ name: '{}', body: '' }]))).files, 1);
  const damaged = Buffer.concat([tar.subarray(0, 1024), Buffer.alloc(512, 'x'), tar.subarray(1536)]);
  await using other = await workshop();
  await assert.rejects(other.unpack(damaged), fails('context_invalid', /^The archive cannot be unpacked: a header in it is damaged\.$/)); // prettier-ignore
});

test('a bomb is stopped at the limit, by its bytes and by its number of files', async () => {
  await using shop = await workshop();
  const bomb = gzipSync(await tarOf([{ name: 'zeros', body: Buffer.alloc(50_000_000) }]));
  await assert.rejects(shop.unpack(bomb, 'gzip'), fails('too_large', /more than/));
  const many = await tarOf(Array.from({ length: 101 }, (_, index) => ({ name: `f${index}`, body: '' })));
  await assert.rejects(shop.unpack(many), fails('too_large', /100 files/));
  assert.deepEqual(await shop.tree(), []);
});

test('an abort ends it with its reason, and nothing is left behind', async () => {
  await using shop = await workshop();
  const tar = await tarOf(plain);
  const stop = new AbortController();
  const slow = Readable.from(
    (async function* () {
      yield tar.subarray(0, 600);
      stop.abort(new Fault('cancelled', 'enough'));
      await new Promise<never>(() => undefined);
    })(),
  );
  await assert.rejects(shop.unpack(slow, 'identity', undefined, stop.signal), fails('cancelled', /enough/));
  assert.deepEqual(await shop.tree(), []);
});

test('pax headers that are not whole records are refused before anybody reads them, however large', async () => {
  // tar-stream looks through all that is left of them for each of these: 2 million times 4 MB.
  const evil = Buffer.from('2a'.repeat(30_000));
  const header = (name: string, size: number, flag: string) => {
    const block = Buffer.alloc(512);
    block.write(name, 0);
    block.write('0000600\0', 100);
    block.write(size.toString(8).padStart(11, '0'), 124);
    block.write('        ', 148);
    block.write(flag, 156);
    block.write('ustar\x0000', 257, 'latin1');
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return block;
  };
  const withPax = (records: Buffer, flag = 'x') =>
    Buffer.concat([
      header('pax', records.length, flag),
      records,
      Buffer.alloc((512 - (records.length % 512)) % 512),
      header('f', 0, '0'),
      Buffer.alloc(1024),
    ]);
  const refused = async (tar: Buffer, message: RegExp) => {
    await using shop = await workshop();
    const ms = await atBestMs(1000, async () => {
      const begun = performance.now();
      await assert.rejects(shop.unpack(tar), fails('context_invalid', message));
      return performance.now() - begun;
    });
    assert.ok(ms <= 1000, `it took ${ms} ms`);
    assert.deepEqual(await shop.tree(), []);
  };
  await refused(withPax(evil), /record that is not whole/);
  await refused(withPax(evil, 'g'), /record that is not whole/);
  await refused(withPax(Buffer.alloc(200_000, '2a')), /metadata of 200000 bytes/);
  await refused(withPax(Buffer.alloc(200_000, 'n'), 'L'), /metadata of 200000 bytes/);
  await refused(withPax(Buffer.from('12 size=-1\n')), /not whole|no number/);
  await using shop = await workshop();
  const { files } = await shop.unpack(withPax(Buffer.from('15 path=a/b/cd\n')));
  assert.equal(files, 1);
  assert.ok((await shop.tree()).includes('context/a/b/cd'));
});
