import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../src/base/clock.ts';
import { connectSsh } from '../src/guest/ssh/connect.ts';
import { sealGuest, sealScript } from '../src/guest/seal.ts';
import { guestHouse, on } from './ssh-server.ts';

const publicKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBuild+key/of= imaged';
const other = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAISomebodyElse imaged';

const home = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'seal-'));
  await mkdir(join(folder, '.ssh'));
  const file = join(folder, '.ssh', 'authorized_keys');
  const sealed = (shell: readonly string[]) => {
    const [program = 'sh', ...args] = shell;
    return spawnSync(program, args, {
      input: sealScript(publicKey, []),
      env: { HOME: folder, PATH: process.env['PATH'] },
      encoding: 'utf8',
    });
  };
  return { file, sealed, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
};

const shells = [['sh'], ['busybox', 'sh'], ['mksh'], ['ksh']].filter(
  ([program = '', ...args]) => spawnSync(program, [...args, '-c', 'true']).status === 0,
);

for (const shell of shells)
  test(`the key of the build goes, whatever stands around it, and every other line stays as it is: ${shell.join(' ')}`, async () => {
    await using guest = await home();
    const before = `# mine\n${other}\ncommand="x" ${publicKey} and more\n\n  ${other} two\n${publicKey}\n`;
    await writeFile(guest.file, before);
    await chmod(guest.file, 0o640);
    const { status, stdout } = guest.sealed(shell);
    assert.equal(status, 0);
    assert.match(stdout, /^the key of the build was taken out of .*authorized_keys\n$/);
    assert.equal(await readFile(guest.file, 'utf8'), `# mine\n${other}\n\n  ${other} two\n`);
    assert.equal((await stat(guest.file)).mode & 0o777, 0o640);
    assert.equal(guest.sealed(shell).stdout, '', 'nothing is left to do');
    await writeFile(guest.file, `${publicKey}\n`);
    guest.sealed(shell);
    assert.equal(await readFile(guest.file, 'utf8'), '');
  });

test('a guest that is sealed lets the key of its build in no more, and the connection stays until it is let go', async () => {
  await using house = await guestHouse();
  const spec = { ...house.spec, handshakeAttempts: 1 };
  const quiet = { clock: systemClock, onNote: () => undefined };
  await using guest = await connectSsh(spec, quiet, on());
  // This guest's authorized_keys lies where its home would be.
  const script = sealScript(house.key.publicKey, []);
  const lines: string[] = [];
  const onLines = (all: readonly string[]) => void lines.push(...all);
  await mkdir(join(house.folder, '.ssh'));
  const keys = join(house.folder, '.ssh', 'authorized_keys');
  await writeFile(keys, await readFile(join(house.folder, 'authorized_keys')));
  const command = `HOME='${house.folder}' sh && cat '${keys}' >'${join(house.folder, 'authorized_keys')}'`;
  assert.equal((await guest.run(command, { onLines, input: script }, on())).exitCode, 0);
  assert.deepEqual(lines, [`the key of the build was taken out of ${keys}`]);
  await sealGuest(guest, { publicKey: house.key.publicKey, parts: [] }, onLines, on());
  await guest[Symbol.asyncDispose]();
  await assert.rejects(connectSsh(spec, quiet, on()), { code: 'ssh_denied' });
});
