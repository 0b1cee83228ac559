import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import fc from 'fast-check';
import { cleanupStack } from '../src/base/cleanup.ts';
import { Fault } from '../src/base/fault.ts';
import { packFolder, type Packed } from '../src/client/pack/pack-folder.ts';
import { unpackContext } from '../src/context/context.ts';
import { failsAs } from './store-shop.ts';
import { runs } from './fixtures/long.ts';

const never = new AbortController().signal;
const limits = { files: 1000, bytes: 8 * 2 ** 20 };

const newFolder = async () => {
  const cleanup = cleanupStack();
  const top = await mkdtemp(join(tmpdir(), 'imaged-pack-'));
  cleanup.defer(() => rm(top, { recursive: true }));
  const folder = join(top, 'in');
  await mkdir(folder);
  return {
    folder,
    top,
    write: async (path: string, content: string | Uint8Array, mode = 0o644) => {
      const at = join(folder, path);
      await mkdir(dirname(at), { recursive: true });
      await writeFile(at, content);
      await chmod(at, mode);
    },
    [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose](),
  };
};

const packed = (folder: string, given: Partial<Parameters<typeof packFolder>[1]> = {}): Promise<Packed> =>
  packFolder(folder, { limits, signal: never, ...given });

const bytesOf = async (folder: string) => buffer((await packed(folder)).stream);

/** Unpacks it as the daemon does; gives its files with their contents, executables with a star, and folders with a slash. */
const unpacked = async (top: string, stream: Packed['stream'], name = 'out') => {
  const folder = join(top, name);
  const context = await unpackContext({ body: stream, encoding: 'zstd', folder, limits, lasts: true, signal: never });
  const found: Record<string, string> = {};
  for (const path of (await readdir(folder, { recursive: true })).sort()) {
    const facts = await stat(join(folder, path));
    if (facts.isDirectory()) found[`${path}/`] = '';
    else found[`${path}${(facts.mode & 0o100) === 0 ? '' : '*'}`] = await readFile(join(folder, path), 'latin1');
  }
  return { ...context, found };
};

const names = async (folder: string, top: string, name?: string) =>
  Object.keys((await unpacked(top, (await packed(folder)).stream, name)).found);

const segment = fc
  .string({ unit: fc.constantFrom('a', 'B', 'z', '-', '.', '_', 'ä', '語', ' '), minLength: 1, maxLength: 40 })
  .filter((name) => !/^\.{1,2}$/.test(name));
const path = fc.array(segment, { minLength: 1, maxLength: 5 }).map((segments) => segments.join('/'));
const files = fc.dictionary(path, fc.record({ content: fc.uint8Array({ maxLength: 3000 }), isProgram: fc.boolean() }), {
  maxKeys: 12,
});

test('whatever the files, the daemon unpacks what was packed, and the same files give the same bytes in whatever order and at whatever time they were made', async () => {
  await fc.assert(
    fc.asyncProperty(files, async (given) => {
      await using one = await newFolder();
      await using other = await newFolder();
      const isFolder = (name: string) => Object.keys(given).some((path) => path.startsWith(`${name}/`));
      const fitting = Object.entries(given).filter(([name]) => !isFolder(name) && name !== '.imagedignore');
      for (const [name, { content, isProgram }] of fitting) await one.write(name, content, isProgram ? 0o700 : 0o600);
      for (const [name, { content, isProgram }] of fitting.toReversed()) {
        await other.write(name, content, isProgram ? 0o775 : 0o664);
        await utimes(join(other.folder, name), 1, 1);
      }
      const bytes = await bytesOf(one.folder);
      assert.ok(bytes.equals(await bytesOf(other.folder)));
      const packing = await packed(one.folder);
      const { found, files: count, bytes: size } = await unpacked(one.top, packing.stream);
      assert.deepEqual([packing.files, packing.bytes], [count, size]);
      const wanted = fitting.map(([name, { content, isProgram }]) => [
        `${name}${isProgram ? '*' : ''}`,
        Buffer.from(content).toString('latin1'),
      ]);
      assert.deepEqual(
        Object.fromEntries(Object.entries(found).filter(([name]) => !name.endsWith('/'))),
        Object.fromEntries(wanted.sort()),
      );
    }),
    runs(150),
  );
});

test('GNU tar reads it too, and it says nothing of who packed it and when', async () => {
  await using here = await newFolder();
  await here.write('template.json', '{}');
  await here.write(`${'long/'.repeat(20)}${'name'.repeat(30)}.sh`, 'exit 0\n', 0o755);
  const { stdout } = {
    stdout: execFileSync('tar', ['--zstd', '-tvf', '-', '--numeric-owner', '--utc'], {
      input: await bytesOf(here.folder),
      encoding: 'utf8',
    }),
  };
  const files = stdout.split('\n').filter((line) => line.startsWith('-'));
  assert.match(files[0] ?? '', /^-rwxr-xr-x 0\/0 +7 1970-01-01 00:00 long\//);
  assert.match(files[1] ?? '', /^-rw-r--r-- 0\/0 +2 1970-01-01 00:00 template\.json$/);
});

test('an .imagedignore has the rules of gitignore, and neither it nor .git is sent', async () => {
  await using here = await newFolder();
  await here.write(
    '.imagedignore',
    '# what is left out\n*.log\n!keep.log\n/only-top\nbuilt/\ndeep/**/x\n\\#odd\n[ab].txt\n',
  );
  for (const name of [
    'a.log',
    'keep.log',
    'only-top',
    'sub/only-top',
    'sub/built/y',
    'built/z',
    'deep/1/2/x',
    '#odd',
    'a.txt',
    'c.txt',
    'A.LOG',
    '.git/config',
    'sub/.git/config',
  ])
    await here.write(name, 'x');
  await mkdir(join(here.folder, 'empty'));
  assert.deepEqual(await names(here.folder, here.top), [
    'A.LOG',
    'c.txt',
    'deep/',
    'deep/1/',
    'deep/1/2/',
    'empty/',
    'keep.log',
    'sub/',
    'sub/only-top',
  ]);
});

test('the rules agree with git’s own', async () => {
  await using here = await newFolder();
  const rules = '*.o\n!main.o\nfoo/*\n!foo/bar\n/doc/*.txt\n**/tmp\nabc/**\n  \n\\!x\ntrail \nq?z\n';
  await here.write('.imagedignore', rules);
  for (const name of [
    'a.o',
    'main.o',
    'foo/bar',
    'foo/baz',
    'doc/a.txt',
    'doc/s/b.txt',
    'x/tmp/y',
    'tmp',
    'abc/d/e',
    '!x',
    'trail',
    'qaz',
    'qaaz',
    'plain',
  ])
    await here.write(name, 'x');
  const git = (...args: readonly string[]) => execFileSync('git', ['-C', here.folder, ...args], { encoding: 'utf8' });
  git('init', '-q');
  const kept = git('ls-files', '-o', '-z', '-X', join(here.folder, '.imagedignore'))
    .split('\0')
    .filter((name) => name !== '' && name !== '.imagedignore');
  const sent = (await names(here.folder, here.top)).filter((name) => !name.endsWith('/'));
  assert.deepEqual(sent.sort(), kept.sort());
});

test('a symbolic link within the folder is sent as its file; one that leads out, nowhere or to a folder is refused, as is what is no file', async () => {
  await using here = await newFolder();
  await here.write('scripts/setup.sh', 'echo\n', 0o755);
  await symlink('scripts/setup.sh', join(here.folder, 'link.sh'));
  const { found } = await unpacked(here.top, (await packed(here.folder)).stream);
  assert.equal(found['link.sh*'], 'echo\n');
  const refusing = async (make: (at: string) => unknown, why: RegExp) => {
    const at = join(here.folder, 'odd');
    await make(at);
    await assert.rejects(
      packed(here.folder),
      (error) => error instanceof Fault && error.code === 'context_invalid' && why.test(error.message),
    );
    await here.write('.imagedignore', 'odd\n');
    await (await packed(here.folder)).stream.resume().toArray();
    await rm(join(here.folder, '.imagedignore'));
    await rm(at);
  };
  await refusing((at) => symlink('/etc/passwd', at), /^"odd" is a symbolic link out of the folder, to \/etc\/passwd/);
  await refusing((at) => symlink('gone', at), /leads nowhere/);
  await refusing((at) => symlink('scripts', at), /is a symbolic link to what is no file/);
  await refusing((at) => symlink('.', at), /is a symbolic link/);
  await refusing((at) => execFileSync('mkfifo', [at]), /is a device, a socket or a named pipe/);
});

test('a folder with more than the host takes is refused before a byte of its files is read', async () => {
  await using here = await newFolder();
  await here.write('a', 'x'.repeat(1000));
  await here.write('b', 'x'.repeat(1000));
  await chmod(join(here.folder, 'b'), 0);
  await assert.rejects(packed(here.folder, { limits: { files: 1, bytes: 1e6 } }), failsAs('too_large'));
  await assert.rejects(
    packed(here.folder, { limits: { files: 10, bytes: 1999 } }),
    (error) => error instanceof Fault && /more than the 0 MB .*"b"/.test(error.message),
  );
  await chmod(join(here.folder, 'b'), 0o644);
  const read: number[] = [];
  const { stream, files, bytes } = await packed(here.folder, {
    limits: { files: 2, bytes: 2000 },
    onRead: (more) => read.push(more),
  });
  await buffer(stream);
  assert.deepEqual([files, bytes, read.reduce((sum, one) => sum + one, 0)], [2, 2000, 2000]);
});

test('a file that shrinks while it is packed, and a signal, fail the stream, and a reader that leaves stops the packing', async () => {
  await using here = await newFolder();
  await here.write('shrinks', Buffer.alloc(3 * 2 ** 20, 1));
  const shrinking = await packed(here.folder);
  await here.write('shrinks', 'short');
  await assert.rejects(buffer(shrinking.stream), failsAs('context_invalid'));
  await here.write('large', Buffer.from(createHash('sha512').update('seed').digest().toString('hex').repeat(20_000)));
  const stop = new AbortController();
  const stopped = await packed(here.folder, { signal: stop.signal });
  stop.abort(new Error('enough'));
  await assert.rejects(buffer(stopped.stream), /enough|aborted/);
  const left = await packed(here.folder);
  left.stream.destroy();
  await new Promise((resolve) => left.stream.once('close', resolve));
});
