import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import Sqlite from 'better-sqlite3';
import { z } from 'zod';
import { cleanupStack } from '../src/base/cleanup.ts';
import { imagedProgram, startImaged, type Imaged } from './fixtures/imaged.ts';
import { untilTrue } from './fixtures/until-true.ts';
import { aBuild, nobody } from './store-shop.ts';

const run = promisify(execFile);
const tables = '[hypervisor.qemu]\naccelerator = "tcg"\n';

const Failed = z.looseObject({ code: z.unknown(), stdout: z.string(), stderr: z.string() });

/** What a command says that has to fail: one line, without a stack trace. */
const refusal = async (...argv: readonly string[]): Promise<string> => {
  const error: unknown = await run(process.execPath, [imagedProgram, ...argv], { timeout: 60_000 }).then(
    ({ stdout }) => assert.fail(`it did not fail: ${stdout}`),
    (failed: unknown) => failed,
  );
  const { code, stderr } = Failed.parse(error);
  assert.equal(code, 1, stderr);
  assert.match(stderr, /^imaged: [^\n]+\n$/);
  return stderr;
};

const database = ({ dataDir }: Imaged) => join(dataDir, 'imaged.db');

/** A build with an artifact that the store does not know. */
const makeBuild = async ({ dataDir }: Imaged, id: string) => {
  const folder = join(dataDir, 'builds', id, 'artifacts');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'disk.raw'), id);
};

const removeDatabase = async (imaged: Imaged) => {
  for (const end of ['', '-wal', '-shm']) await rm(`${database(imaged)}${end}`, { force: true });
};

test('a daemon whose database was emptied does not start and touches no artifact; with the backup all is there', async () => {
  await using imaged = await startImaged({ tables });
  await imaged.kill('SIGTERM');
  await copyFile(database(imaged), join(imaged.folder, 'backup.db'));
  const ids = [aBuild().id, aBuild().id];
  for (const id of ids) await makeBuild(imaged, id);
  const file = join(imaged.folder, 'imaged.toml');
  for (const lose of [() => removeDatabase(imaged), () => writeFile(database(imaged), '')]) {
    await lose();
    for (const argv of [
      ['serve', '-f', file],
      ['token', 'add', '-f', file, 'ci'],
    ])
      assert.match(await refusal(...argv), /has the folders of 2 builds\. Restore the database from its backup/);
  }
  for (const id of ids)
    assert.equal(await readFile(join(imaged.dataDir, 'builds', id, 'artifacts', 'disk.raw'), 'utf8'), id);

  await removeDatabase(imaged);
  await copyFile(join(imaged.folder, 'backup.db'), database(imaged));
  await imaged.start();
  assert.deepEqual(await readdir(join(imaged.dataDir, 'builds')), []);
  const lost = await readdir(join(imaged.dataDir, 'lost+found'));
  assert.deepEqual(lost.map((name) => name.split('-')[1]).toSorted(), ids.toSorted());
  for (const name of lost)
    assert.equal(
      await readFile(join(imaged.dataDir, 'lost+found', name, 'artifacts', 'disk.raw'), 'utf8'),
      name.split('-')[1],
    );
  const told = imaged.lines().filter((line) => line.includes('that the store does not know'));
  assert.equal(told.length, 1);
  assert.match(told[0] ?? '', /"builds":2/);
});

test('what was moved to lost stays for lost_days and goes then, and nothing else goes with it', async () => {
  await using imaged = await startImaged({ tables: `${tables}[retention]\nlost_days = 10` });
  await imaged.kill('SIGTERM');
  const lost = join(imaged.dataDir, 'lost+found');
  const stamp = (daysAgo: number) =>
    new Date(Date.now() - daysAgo * 86_400_000).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const [due, kept] = [`${stamp(11)}-${nobody}`, `${stamp(9)}-${nobody}`];
  for (const name of [due, kept, 'notes']) await mkdir(join(lost, name), { recursive: true });
  await imaged.start();
  await untilTrue(async () => !(await readdir(lost)).includes(due));
  assert.deepEqual((await readdir(lost)).toSorted(), [kept, 'notes'].toSorted());
});

test('a damaged database, a full disk and one that is read-only are each one line and exit code 1', async (t) => {
  await using cleanup = cleanupStack();
  const folder = await mkdtemp(join(tmpdir(), 'imaged-refused-'));
  cleanup.defer(() => rm(folder, { recursive: true }));
  const data = join(folder, 'data');
  const file = join(folder, 'imaged.toml');
  const run_dir = join(folder, 'run');
  const settings = `data_dir = ${JSON.stringify(data)}\nrun_dir = ${JSON.stringify(run_dir)}`;
  await writeFile(file, `listen = "127.0.0.1:0"\n${settings}\n[hypervisor]\ntype = "qemu"\n${tables}`);
  await run(process.execPath, [imagedProgram, 'token', 'add', '-f', file, 'ci']);
  await cp(data, join(folder, 'whole'), { recursive: true });

  const damage: readonly ((text: Buffer) => Buffer)[] = [
    () => Buffer.from('no database at all'.repeat(1000)),
    (text) => text.fill(0xa5, 0, 4096),
    (text) => text.fill(0xa5, 100, 4096),
    (text) => text.subarray(0, 5000),
    (text) => text.fill(0xa5, 4096),
  ];
  for (const spoil of damage) {
    await writeFile(join(data, 'imaged.db'), spoil(await readFile(join(folder, 'whole', 'imaged.db'))));
    assert.match(await refusal('serve', '-f', file), /imaged\.db could not be used: .*Restore it from its backup/);
  }
  await rm(data, { recursive: true });
  await mkdir(data);

  const mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=300k', 'imaged-test', data]).then(
    () => true,
    () => false,
  );
  if (!mounted) return t.skip('a small disk needs the right to mount one');
  cleanup.defer(async () => void (await run('umount', ['-l', data])));
  const fill = async () => {
    for (let bytes = 65_536; bytes >= 4096; bytes /= 2)
      for (let n = 0; ; n++)
        try {
          await writeFile(join(data, `full-${bytes}-${n}`), Buffer.alloc(bytes));
        } catch {
          break;
        }
  };
  const notFull = async () => {
    for (const name of await readdir(data)) if (name.startsWith('full-')) await rm(join(data, name));
  };
  await fill();
  assert.match(await refusal('serve', '-f', file), /disk is full/, 'before there is a database');
  await notFull();
  await cp(join(folder, 'whole'), data, { recursive: true });
  await fill();
  assert.match(await refusal('serve', '-f', file), /disk is full/, 'with a database');
  await notFull();
  await run('mount', ['-o', 'remount,ro', data]);
  assert.match(await refusal('serve', '-f', file), /EROFS|readonly|read-only/);
  assert.match(await refusal('token', 'add', '-f', file, 'ci'), /EROFS|readonly|read-only/);
  const db = new Sqlite(join(folder, 'whole', 'imaged.db'));
  assert.equal(db.pragma('integrity_check', { simple: true }), 'ok');
  db.close();
});
