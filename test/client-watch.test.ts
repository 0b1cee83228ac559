import assert from 'node:assert/strict';
import { appendFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { runProgram } from '../src/base/program.ts';
import { apiShop, type ApiShop } from './api-shop.ts';
import { admittingShop } from './fixtures/admitting-shop.ts';
import { frontDoor } from './fixtures/front-door.ts';
import { imagectl, imagectlInTerminal, imagectlProgram } from './fixtures/imagectl.ts';
import { untilTrue } from './fixtures/until-true.ts';
import { aBuild, aFault, anArtifact, claimed } from './store-shop.ts';

const plan = ['disks', 'boot', 'publish'].map((name) => ({ name, phase: 'booting', timeoutMs: 1000 }) as const);

/** A build that a worker of the test's own runs, with the environment to watch it in. */
const running = async (shop: ApiShop) => {
  const { build } = await shop.store.add(aBuild({ plan }));
  const { token } = await claimed(shop.store);
  const { port, url } = await shop.listen();
  const { id } = build;
  await shop.write(shop.folders.console(id), '');
  await shop.write(shop.folders.log(id), '');
  const write = async (path: string, text: string) => {
    await appendFile(path, text);
    shop.growth.grew(path);
  };
  return {
    id,
    port,
    env: { IMAGED_URL: url, IMAGED_TOKEN: shop.auth.authorization.replace('Bearer ', '') },
    begin: (name: string) => shop.store.beginStep(id, token, { name, phase: 'booting' }),
    end: (seq: number) => shop.store.endStep(id, token, seq),
    says: (text: string) => write(shop.folders.console(id), text),
    logs: (text: string) => write(shop.folders.log(id), text),
    succeed: () => shop.store.finish(id, token, { status: 'succeeded', artifacts: [anArtifact('disk.qcow2')] }),
    fail: () =>
      shop.store.finish(id, token, { status: 'failed', fault: { ...aFault('console_silent'), step: 'boot' } }),
    cancelled: () => shop.store.finish(id, token, { status: 'cancelled', fault: aFault('cancelled') }),
  };
};

test('on a terminal the steps fill as they are done, with a bar, and the end of the console without its escapes', async () => {
  await using shop = await apiShop();
  const build = await running(shop);
  await using terminal = imagectlInTerminal(['watch', build.id], build.env);
  const first = await build.begin('disks');
  await terminal.shows(/▸ disks/);
  await build.end(first);
  const second = await build.begin('boot');
  await build.says('\x1b[31mlogin: \x1b[2J\x1b]0;owned\x07\r\n');
  await terminal.shows(/✓ disks[^]*▸ boot[^]*publish[^]*█+░+ +\d+ %[^]*│ login:/);
  await build.end(second);
  await build.succeed();
  assert.equal(await terminal.ended, 0);
  const shown = await terminal.shows(/succeeded {2}tiny/);
  assert.match(shown, /disk\.qcow2 {2}4\.0 KiB/);
  assert.equal(shown.match(/✓ disks/g)?.length, 1, 'it was drawn in one place');
  assert.doesNotMatch(terminal.bytes(), /\x1b\[2J|\x1b\]|owned/);
  assert.ok(
    terminal.bytes().lastIndexOf('\x1b[?25h') > terminal.bytes().lastIndexOf('\x1b[?25l'),
    'the cursor is back',
  );
});

test('a build that failed is told with its fault, and ends with 1', async () => {
  await using shop = await apiShop();
  const build = await running(shop);
  await using terminal = imagectlInTerminal(['watch', build.id], build.env);
  await terminal.shows(/running/);
  await build.fail();
  assert.equal(await terminal.ended, 1);
  await terminal.shows(/in step boot \(console_silent\)[^]*as the test wants it[^]*imagectl console /);
});

test('Ctrl-C asks: the build is watched on, or left running with 130', async () => {
  await using shop = await apiShop();
  const build = await running(shop);
  await using terminal = imagectlInTerminal(['watch', build.id], build.env);
  await build.begin('disks');
  await terminal.shows(/▸ disks/);
  terminal.type('\x03');
  await terminal.shows(/\[l\]eave it running, \[c\]ancel it, or \[w\]atch on\?$/);
  terminal.type('w');
  await terminal.shows(/on\? watch\n[^]*▸ disks/);
  terminal.type('\x03');
  await terminal.shows(/on\?$/);
  terminal.type('l');
  assert.equal(await terminal.ended, 130);
  await terminal.shows(new RegExp(`goes on\\. Watch it: imagectl watch ${build.id}`));
  assert.equal((await shop.store.find(build.id))?.cancelRequested, false);
});

test('Ctrl-C and c cancel the build, which is watched to its end: 3', async () => {
  await using shop = await apiShop();
  const build = await running(shop);
  await using terminal = imagectlInTerminal(['watch', build.id], build.env);
  await terminal.shows(/running/);
  terminal.type('\x03');
  await terminal.shows(/on\?$/);
  terminal.type('c');
  await untilTrue(async () => (await shop.store.find(build.id))?.cancelRequested === true);
  await build.cancelled();
  assert.equal(await terminal.ended, 3);
});

test('a second Ctrl-C in answer to the question leaves the build running', async () => {
  await using shop = await apiShop();
  const build = await running(shop);
  await using terminal = imagectlInTerminal(['watch', build.id], build.env);
  await terminal.shows(/running/);
  terminal.type('\x03');
  await terminal.shows(/on\?$/);
  terminal.type('\x03');
  assert.equal(await terminal.ended, 130);
});

test('Ctrl-Z stops it with the cursor back and no bar left, and fg draws it anew', async () => {
  await using shop = await apiShop();
  const build = await running(shop);
  await using terminal = imagectlInTerminal(['watch', build.id], build.env, { under: 'jobs' });
  await build.begin('disks');
  await terminal.shows(/▸ disks/);
  terminal.type('\x1a');
  const stopped = await terminal.shows(/stopped with 1\d\d$/);
  assert.doesNotMatch(stopped, /▸|░/);
  assert.ok(terminal.bytes().lastIndexOf('\x1b[?25h') > terminal.bytes().lastIndexOf('\x1b[?25l'));
  terminal.type('\r');
  await terminal.shows(/stopped with[^]*▸ disks/);
  await build.succeed();
  await terminal.ended;
  await terminal.shows(/succeeded {2}tiny[^]*ended with 0/);
});

test('a signal to stop where no shell would continue it changes nothing', async () => {
  await using shop = await apiShop();
  const build = await running(shop);
  await using terminal = imagectlInTerminal(['watch', build.id], build.env);
  await build.begin('disks');
  await terminal.shows(/▸ disks/);
  terminal.type('\x1a');
  await build.begin('boot');
  await terminal.shows(/▸ boot/);
});

test('a terminal of a few rows, or a narrow one, has the step that runs in one place', async () => {
  await using shop = await apiShop();
  const build = await running(shop);
  await using terminal = imagectlInTerminal(['watch', build.id], build.env, { columns: 30, rows: 3 });
  await build.begin('disks');
  const shown = await terminal.shows(/▸ disks/);
  assert.equal(shown.match(/disks/g)?.length, 1, shown);
  await build.end(1);
  await build.begin('boot');
  const after = await terminal.shows(/▸ boot/);
  assert.equal(after.split('\n').length, 2, after);
});

test('what cannot be printed is an error, unless nobody reads it', async () => {
  await using shop = await apiShop();
  const build = await running(shop);
  const sh = async (text: string) => {
    const args = ['-c', text, 'sh', process.execPath, imagectlProgram];
    const { stdout, stderr } = await runProgram('sh', args, { signal: AbortSignal.timeout(30_000), env: build.env });
    return stdout + stderr;
  };
  assert.match(await sh('"$@" list >/dev/full || echo "ended with $?"'), /ended with 1[^]*cannot be written: ENOSPC/);
  assert.match(await sh('"$@" show nothing 2>/dev/full || echo "ended with $?"'), /ended with 5/);
  assert.match(await sh('{ "$@" list; echo "ended with $?" >&2; } | :'), /ended with 0/);
});

test('in a pipe it is the log, and where NO_COLOR is set or TERM is dumb no escape is written', async () => {
  await using shop = await apiShop();
  const build = await running(shop);
  let heard = '';
  const piped = imagectl(['watch', build.id], build.env, '', (stdout) => {
    heard = stdout;
  });
  await using plain = imagectlInTerminal(['watch', build.id], { ...build.env, NO_COLOR: '1' });
  await using dumb = imagectlInTerminal(['watch', build.id], { ...build.env, TERM: 'dumb' });
  await build.logs('one\ntwo \x1b[31m\n');
  await plain.shows(/two/);
  await dumb.shows(/two/);
  await untilTrue(() => heard.includes('two'));
  await build.succeed();
  const { code, stdout } = await piped;
  assert.equal(code, 0);
  assert.match(stdout, new RegExp(`^one\\ntwo \\nsucceeded {2}tiny {2}${build.id}`));
  for (const terminal of [plain, dumb]) {
    assert.equal(await terminal.ended, 0);
    assert.doesNotMatch(terminal.bytes(), /\x1b/);
  }
});

test('with --json every event is a line, and the build is the last', async () => {
  await using shop = await apiShop();
  const build = await running(shop);
  await build.end(await build.begin('disks'));
  await build.succeed();
  const { code, stdout } = await imagectl(['watch', '--json', build.id], build.env);
  const values = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    values.map(({ type, status }) => type ?? status).filter((one) => one !== 'build.phase'),
    [
      'build.queued',
      'build.running',
      'step.started',
      'step.ended',
      'artifact.published',
      'build.succeeded',
      'succeeded',
    ],
  );
  assert.equal(code, 0);
});

test('a daemon that is away is waited for; then the log goes on where it was, and every event comes once', async () => {
  await using shop = await apiShop();
  const build = await running(shop);
  await using door = await frontDoor(() => build.port);
  const env = { ...build.env, IMAGED_URL: door.url };
  await using terminal = imagectlInTerminal(['watch', build.id], env);
  await using log = imagectlInTerminal(['log', '-f', build.id], env);
  let told = '';
  const events = imagectl(['watch', '--json', build.id], env, '', (stdout) => {
    told = stdout;
  });
  const first = await build.begin('disks');
  await build.logs('before\n');
  await terminal.shows(/▸ disks/);
  await log.shows(/before/);
  await untilTrue(() => told.includes('step.started'));
  await door.close();
  await build.end(first);
  await build.logs('meanwhile\n');
  await terminal.shows(/The daemon does not answer/);
  await log.shows(/does not answer/);
  await build.begin('boot');
  await door.open();
  await terminal.shows(/✓ disks[^]*▸ boot/);
  await build.logs('after\n');
  await log.shows(/meanwhile\n[^]*after/);
  await build.succeed();
  assert.deepEqual([await terminal.ended, await log.ended, (await events).code], [0, 0, 0]);
  assert.equal((await log.screen()).match(/before/g)?.length, 1);
  const numbers = (await events).stdout.trimEnd().split('\n').flatMap((line) => (JSON.parse(line) as { seq?: number }).seq ?? []); // prettier-ignore
  assert.deepEqual(
    numbers,
    numbers.map((_, at) => at + 1),
  );
});

test('a signal that is no Ctrl-C asks nobody, and the build goes on', async () => {
  await using shop = await apiShop();
  const build = await running(shop);
  await using terminal = imagectlInTerminal(['watch', build.id], build.env);
  await terminal.shows(/running/);
  terminal.kill('SIGTERM');
  assert.equal(await terminal.ended, 130);
});

test('a daemon that is down at first is waited for by those who wait anyway, and says so', async () => {
  await using shop = await apiShop();
  const build = await running(shop);
  await using door = await frontDoor(() => build.port);
  await door.close();
  const env = { ...build.env, IMAGED_URL: door.url };
  const wide = { columns: 200 };
  await using watch = imagectlInTerminal(['watch', build.id], env, wide);
  await using log = imagectlInTerminal(['log', '-f', build.id], env, wide);
  await using console = imagectlInTerminal(['console', '-f', build.id], env, wide);
  const all = [watch, log, console];
  for (const one of all) await one.shows(/cannot be reached: .*ECONNREFUSED.*Asking again for 60 s/);
  await door.open();
  await build.logs('a line\n');
  await build.says('login: \n');
  await watch.shows(/The daemon is back[^]*running/);
  await log.shows(/^a line$/m);
  await console.shows(/^login:/m);
  await build.succeed();
  for (const one of all) assert.equal(await one.ended, 0);
});

test('a folder is built without what its .imagedignore names; Ctrl-C leaves the build, which is watched and cancelled later', async () => {
  await using shop = await admittingShop();
  const { url } = await shop.listen();
  const env = { IMAGED_URL: url, IMAGED_TOKEN: shop.auth.authorization.replace('Bearer ', '') };
  const folder = await mkdtemp(join(tmpdir(), 'imagectl-'));
  await using _gone = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
  const template = {
    name: 'shop',
    machine: { memory: '256M', disks: [{ size: '1G' }], cdrom: 'media:shop/boot.iso' },
    artifacts: [{ name: 'disk.qcow2', format: 'qcow2' }],
  };
  const files = {
    'template.json': JSON.stringify(template),
    '.imagedignore': '*.log\n!keep.log\nout/*\n!out/wanted/\n/deep/*/tmp\n',
    'a.log': 'no',
    'keep.log': 'yes',
    'out/image.raw': 'no',
    'out/wanted/a': 'yes',
    'deep/one/tmp/x': 'no',
    'deep/one/y': 'yes',
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  await using building = imagectlInTerminal(['build', folder], env);
  await building.shows(/queued/);
  const [build] = (await shop.store.list({}, { limit: 1 })).items;
  assert.ok(build !== undefined);
  const sent = await readdir(join(shop.home, 'contexts'), { recursive: true, withFileTypes: true });
  assert.deepEqual(sent.flatMap((entry) => (entry.isFile() ? [entry.name] : [])).toSorted(), [
    'a',
    'keep.log',
    'template.json',
    'y',
  ]);
  building.type('\x03');
  await building.shows(/\[l\]eave it running, \[c\]ancel it, or \[w\]atch on\?$/);
  building.type('l');
  assert.equal(await building.ended, 130);
  assert.equal((await shop.store.find(build.id))?.cancelRequested, false);

  const detached = await imagectl(['build', '-d', folder], env);
  assert.equal(detached.code, 0, detached.stderr);
  assert.equal((await shop.store.find(detached.stdout.trim()))?.status, 'queued');

  await using watching = imagectlInTerminal(['watch', build.id], env);
  await watching.shows(/queued/);
  watching.type('\x03');
  await watching.shows(/on\?$/);
  watching.type('c');
  assert.equal(await watching.ended, 3);
  assert.equal((await shop.store.find(build.id))?.status, 'cancelled');
});
