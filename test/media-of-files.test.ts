import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runProgram } from '../src/base/program.ts';
import { whyNoCd } from '../src/image/medium/cd.ts';
import { whyNoFloppy } from '../src/image/medium/floppy.ts';
import { writeCd, writeFloppy, type Content } from '../src/image/medium/write.ts';

const on = () => AbortSignal.timeout(30_000);
const folder = await mkdtemp(join(tmpdir(), 'media-'));
after(() => rm(folder, { recursive: true }));

const text = (path: string, content: string): Content => ({ path, size: content.length, bytes: Buffer.from(content) });

const answers = 'x'.repeat(5000);

/** Names of the old form and new ones, two that shorten to the same, folders in folders, an empty file, one of the host's. */
const files = async (): Promise<readonly Content[]> => {
  const large = Buffer.alloc(200_000, 'abcdefghi');
  await writeFile(join(folder, 'large.bin'), large);
  return [
    text('Autounattend.xml', answers),
    text('README', 'plain'),
    text('a long name of the first.txt', 'one'),
    text('a long name of the second.txt', 'two'),
    text('empty.cfg', ''),
    text('drivers/net/NetKVM.inf', 'driver'),
    text('drivers/readme.md', 'read me'),
    { path: 'drivers/net/large.bin', size: large.length, file: join(folder, 'large.bin') },
  ];
};

const mtools = async (...args: readonly string[]) =>
  (await runProgram(args[0] ?? '', args.slice(1), { signal: on() })).stdout;

test('mtools reads every file of a floppy back, by its long name and in its folder', async () => {
  const image = join(folder, 'floppy.img');
  await writeFloppy(image, 'packer', await files(), on());
  assert.match(await mtools('mlabel', '-s', '-i', image, '::'), /packer/i);
  const listed = await mtools('mdir', '-/', '-b', '-i', image, '::');
  for (const { path } of await files()) assert.ok(listed.includes(`::/${path}\n`), `${path} in ${listed}`);
  for (const file of await files()) {
    const to = join(folder, 'back');
    await mtools('mcopy', '-n', '-o', '-i', image, `::/${file.path}`, to);
    const expected = 'bytes' in file ? Buffer.from(file.bytes) : await readFile(file.file);
    assert.deepEqual(await readFile(to), expected, file.path);
  }
  assert.equal((await readFile(image)).length, 1440 * 1024);
});

test('bsdtar reads every file of a CD back, by the names of Rock Ridge and by those of Joliet', async () => {
  const image = join(folder, 'cd.iso');
  await writeCd(image, 'OEMDRV', await files(), on());
  for (const options of ['!joliet', '!rockridge'])
    for (const file of await files()) {
      const to = join(folder, `back-${options.slice(1)}`);
      const script = join(to, file.path);
      await runProgram('mkdir', ['-p', to], { signal: on() });
      await runProgram('bsdtar', ['-x', '-f', image, '-C', to, '--options', options, file.path], { signal: on() });
      const expected = 'bytes' in file ? Buffer.from(file.bytes) : await readFile(file.file);
      assert.deepEqual(await readFile(script), expected, `${options} ${file.path}`);
    }
  const { stdout } = await runProgram('blkid', ['-p', '-o', 'export', image], { signal: on() });
  assert.match(stdout, /^LABEL=OEMDRV$/m);
});

test('a CD holds a folder of more entries than a sector has room for', async () => {
  const image = join(folder, 'many.iso');
  const many = Array.from({ length: 300 }, (_, n) => text(`folder ${n % 40}/file number ${n}.txt`, `this is ${n}`));
  await writeCd(image, 'many', many, on());
  const { stdout } = await runProgram('bsdtar', ['-t', '-f', image], { signal: on() });
  for (const { path } of many) assert.ok(stdout.includes(`${path}\n`), path);
});

test('what no medium takes is told with the file, before anything is written', () => {
  const of = (path: string, size = 1) => [{ path, size }];
  assert.match(whyNoFloppy(of('big', 1_500_000)) ?? '', /holds 1465 KB, and a floppy has room for 1423/);
  assert.match(whyNoFloppy(Array.from({ length: 80 }, (_, n) => ({ path: `a quite long name ${n}`, size: 1 }))) ?? '', /224 entries/); // prettier-ignore
  for (const judge of [whyNoCd, whyNoFloppy]) {
    assert.equal(judge(of('a/b/c.txt')), undefined);
    for (const wrong of ['../x', 'a\\b', 'ü', 'a/./b', 'x '.trimEnd() + '.', `${'n'.repeat(65)}`])
      assert.match(judge(of(wrong)) ?? '', /names have at most 64/, wrong);
    assert.match(judge([...of('A.txt'), ...of('a.TXT')]) ?? '', /twice/);
    assert.match(judge([...of('a'), ...of('a/b')]) ?? '', /as a file and as a folder/);
  }
  assert.match(whyNoCd(of('big', 5 * 1024 ** 3)) ?? '', /a CD takes 4000/);
});

test('a file that has changed in size since it was judged ends the making of its medium', async () => {
  await writeFile(join(folder, 'grown'), 'more than it was');
  const grown = [{ path: 'grown', size: 4, file: join(folder, 'grown') }];
  for (const write of [writeCd, writeFloppy])
    await assert.rejects(write(join(folder, 'wrong'), 'x', grown, on()), /changed while it was put/);
});
