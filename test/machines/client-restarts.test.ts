import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { awaitEvent } from '../fixtures/follow-events.ts';
import { frontDoor } from '../fixtures/front-door.ts';
import { imagectlInTerminal } from '../fixtures/imagectl.ts';
import { startImaged, type Imaged } from '../fixtures/imaged.ts';
import { firstUnlessLong } from '../fixtures/long.ts';
import { cycle, cycleMachine, visit } from '../fixtures/quick-templates.ts';
import { untilTrue } from '../fixtures/until-true.ts';

const settings = 'workers = 1';
const tables = '[hypervisor.qemu]\naccelerator = "tcg"\n[upgrade]\nkeep_running = true';

const home = await mkdtemp(join(tmpdir(), 'imagectl-'));
after(() => rm(home, { recursive: true }));

const start = async () => {
  const imaged = await startImaged({ settings, tables });
  const door = await frontDoor(() => Number(new URL(imaged.url()).port));
  return {
    ...{ imaged, door },
    env: { IMAGED_URL: door.url, IMAGED_TOKEN: imaged.token },
    async [Symbol.asyncDispose]() {
      await door[Symbol.asyncDispose]();
      await imaged[Symbol.asyncDispose]();
    },
  };
};

const shell = (inline: readonly string[]) => ({ type: 'shell', name: 'mark', inline });
const atBreakpoint = visit({ provisioners: [shell(['true']), { type: 'breakpoint', name: 'look' }] });
const failing = visit({ provisioners: [shell(['exit 3'])] });

const pausedBuild = async (imaged: Imaged) => {
  const { id } = await imaged.post({ template: atBreakpoint });
  assert.ok((await awaitEvent(imaged, id, ({ type }) => type === 'build.paused')) !== undefined);
  return id;
};

// Its own words and the guest's echo of them differ, so that one that is shown was run.
const word = (n: number) => `echo word-${n}-$((6 * 7))\r`;
const shown = (n: number) => new RegExp(`word-${n}-42`);

for (const signal of firstUnlessLong(['SIGKILL', 'SIGTERM'] as const))
  test(`a console that is attached to is the same machine's after ${signal} to the daemon and a new start, without a byte lost or shown twice`, async () => {
    await using here = await start();
    const { imaged, env } = here;
    const id = await pausedBuild(imaged);
    const before = (await (await imaged.call(`/builds/${id}/console`)).text()).length;
    await using terminal = imagectlInTerminal(['console', '--attach', id], env, { under: 'shell', rows: 200 });
    await terminal.shows(/Attached\./);
    terminal.type(word(1));
    await terminal.shows(shown(1));
    await imaged.kill(signal);
    await terminal.shows(/The connection to the daemon is lost/);
    terminal.type('lost\r');
    await terminal.shows(/That was not typed/);
    await imaged.start();
    await terminal.shows(/Attached again\./);
    terminal.type(word(2));
    await terminal.shows(shown(2));
    const said = (await (await imaged.call(`/builds/${id}/console`)).text()).slice(before);
    assert.doesNotMatch(said, /lost/);
    const own = /\r\n\[(The connection to|That was not|The build is|Attached again)[^\]]*\]\r\n/g;
    const bytes = () => terminal.bytes().replace(own, '');
    // What the guest has said may still be on its way; where it does not come, the next line says what did.
    await untilTrue(() => bytes().includes(said)).catch(() => undefined);
    assert.ok(bytes().includes(said), `${JSON.stringify(said)} is not what was shown: ${JSON.stringify(bytes())}`);
    terminal.type('\r~.');
    assert.match(await terminal.shows(/ended with 0/), /Left\. The console goes on\./);
    assert.match(await terminal.shows(/icanon/), /[^-]opost[^]*[^-]icanon/);
    assert.equal((await imaged.call(`/builds/${id}/cancel`, { method: 'POST' })).status, 202);
    await imaged.ended(id);
  });

for (const signal of firstUnlessLong(['SIGTERM', 'SIGKILL'] as const))
  test(`who types on a held build is told, after ${signal} to the daemon, that it has failed and how to go on`, async () => {
    await using here = await start();
    const { imaged, env } = here;
    const { id } = await imaged.post({ template: failing, on_error: 'hold' });
    await imaged.until(id, ({ status }) => status === 'held');
    await using terminal = imagectlInTerminal(['console', '--attach', id], env, { under: 'shell', columns: 200 });
    await terminal.shows(/Attached\./);
    terminal.type(word(1));
    await terminal.shows(shown(1));
    await imaged.kill(signal);
    if (signal === 'SIGKILL') await terminal.shows(/The connection to the daemon is lost/);
    await imaged.start();
    // A daemon that stops lets go what it holds; one that is killed can say nothing.
    const screen = await terminal.shows(signal === 'SIGKILL' ? /ended with 5/ : /ended with 0/);
    if (signal === 'SIGKILL')
      assert.match(screen, new RegExp(`The build is failed: its machine went.*imagectl retry ${id}`));
    else assert.match(screen, new RegExp(`The daemon has closed it: .*\\n.*imagectl (show|retry) ${id}`));
    assert.match(await terminal.shows(/icanon/), /[^-]opost[^]*[^-]icanon/);
  });

test('a download goes on where it was over a daemon that is killed, and is what the build says', async () => {
  await using here = await start();
  const { imaged, door, env } = here;
  const template = await cycle({ machine: await cycleMachine('512M') });
  const { id } = await imaged.post({ template });
  assert.equal((await imaged.ended(id)).status, 'succeeded');
  const { items } = (await (await imaged.call(`/builds/${id}/artifacts`)).json()) as { items: { sha256: string }[] };
  await using terminal = imagectlInTerminal(['download', id, '-o', home], env);
  await terminal.shows(/cycle\.raw +[1-9]\d? %/);
  await imaged.kill('SIGKILL');
  await imaged.start();
  assert.equal(await terminal.ended, 0, await terminal.screen());
  const digest = createHash('sha256').update(await readFile(join(home, 'cycle.raw')));
  assert.equal(digest.digest('hex'), items[0]?.sha256);
  const ranges = door.asked().flatMap((words) => /^range: bytes=(\d+)-\r$/im.exec(words)?.[1] ?? []);
  assert.ok(
    ranges.length > 0 && ranges.every((from) => Number(from) > 0),
    `it was asked for from ${ranges.join(', ')}`,
  );
});
