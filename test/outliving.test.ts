import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeActivity } from '../src/base/activity/activity.ts';
import { cleanupStack } from '../src/base/cleanup.ts';
import { systemClock } from '../src/base/clock.ts';
import { systemIds } from '../src/base/ids.ts';
import { runProgram } from '../src/base/program.ts';
import { shellQuoted } from '../src/base/text/shell.ts';
import type { ScriptPlace } from '../src/guest/outliving/place.ts';
import { noRoom } from '../src/guest/outliving/guest-side.ts';
import { readFrames } from '../src/guest/outliving/frames.ts';
import { runScripts, type ShellWork } from '../src/guest/shell.ts';
import { connectSsh } from '../src/guest/ssh/connect.ts';
import { failsAs } from './store-shop.ts';
import { guestHouse, on } from './ssh-server.ts';
import { unlessErrno } from '../src/base/errno.ts';

/** A guest whose scripts outlive their connection, and what was written down of them. */
const site = async (config: readonly string[] = []) => {
  const house = await guestHouse({ config });
  const remoteFolder = join(house.folder, "remote's");
  await mkdir(remoteFolder);
  const lines: string[] = [];
  let kept: ScriptPlace | undefined;
  let safe = 0;
  let heard: (line: string) => void = () => undefined;
  let ended: () => void = () => undefined;
  const run = async (texts: readonly string[], from: ScriptPlace | undefined, signal = on(), timeoutMs = 20_000) => {
    const guest = await connectSsh({ ...house.spec, timeoutMs }, { clock: systemClock, onNote: () => undefined }, on());
    const work: ShellWork = {
      scripts: texts.map((text) => ({ text })),
      env: { WHO: "it's me" },
      validExitCodes: [0],
      expectDisconnect: false,
      remoteFolder,
    };
    const tools = {
      ...{ clock: systemClock, ids: systemIds, activity: makeActivity() },
      onLines: (all: readonly string[], stream: string) => {
        lines.push(...all.map((line) => `${stream} ${line}`));
        all.forEach(heard);
      },
      scripts: {
        from: () => from,
        keep: async (place: ScriptPlace | undefined) => {
          kept = place;
          safe = lines.length;
          if (place?.exitCode !== undefined) ended();
        },
      },
    };
    try {
      await runScripts(work, guest, tools, signal);
    } finally {
      await guest[Symbol.asyncDispose]();
    }
  };
  return {
    ...{ house, remoteFolder, lines, run },
    kept: () => kept,
    /** What was told and not written down yet goes, as from a log that is cut there. */
    cut: () => {
      lines.length = safe;
    },
    whenHeard: (act: (line: string) => void) => {
      heard = act;
    },
    /** Before anything is removed of the script. */
    whenEnded: (act: () => void) => {
      ended = act;
    },
    [Symbol.asyncDispose]: () => house[Symbol.asyncDispose](),
  };
};

const count = (most: number, seconds: string) =>
  `i=0; while [ $i -lt ${most} ]; do echo n$i; i=$((i+1)); sleep ${seconds}; done`;
const counted = (most: number) => Array.from({ length: most }, (_, at) => `stdout n${at}`);

test('a script that outlives its connection runs as any other: its streams apart, its exit code, its environment, and nothing left', async () => {
  await using here = await site();
  await here.run(['echo "$WHO"; echo warn >&2; umask', 'printf "no end"; cat; exit 0'], undefined);
  const { stdout } = await runProgram('sh', ['-c', 'umask'], { signal: on() });
  assert.deepEqual(here.lines.filter((line) => line.startsWith('stdout')), ["stdout it's me", `stdout ${stdout.trim()}`, 'stdout no end']); // prettier-ignore
  assert.ok(here.lines.includes('stderr warn'));
  assert.deepEqual(await readdir(here.remoteFolder), []);
  assert.equal(here.kept(), undefined);
  await assert.rejects(here.run(['echo why >&2; exit 255'], undefined), failsAs('provisioner_failed'));
  assert.deepEqual(await readdir(here.remoteFolder), []);
});

test('a script runs in a guest whose login shell prints something before it', async () => {
  await using here = await site(['ForceCommand echo Welcome; printf half; exec sh -c "$SSH_ORIGINAL_COMMAND"']);
  await here.run(['echo one', 'echo two'], undefined);
  assert.deepEqual(here.lines, ['stdout one', 'stdout two']);
});

test('a connection that breaks again and again costs no line of a script and runs nothing twice', async () => {
  await using here = await site();
  const [ran, over] = [join(here.house.folder, 'ran'), join(here.house.folder, 'over')];
  here.whenHeard((line) => {
    if (['n5', 'n15', 'n25'].includes(line)) here.house.cut();
    // However late that is, the script runs until then.
    if (line === 'n25') void writeFile(over, '');
  });
  const script = `echo run >>${ran}; ${count(40, '0.05')}; while [ ! -e ${over} ]; do sleep 0.1; done`;
  await here.run([script], undefined);
  assert.deepEqual(here.lines, counted(40));
  assert.equal(await readFile(ran, 'utf8'), 'run\n');
  assert.deepEqual(await readdir(here.remoteFolder), []);
});

test('a connection that breaks between the end of a script and its removal costs nothing, and hides no failure', async () => {
  await using here = await site();
  here.whenEnded(here.house.cut);
  await here.run(['echo one', 'echo two'], undefined);
  assert.deepEqual(here.lines, ['stdout one', 'stdout two']);
  assert.deepEqual(await readdir(here.remoteFolder), []);
  here.whenEnded(() => {
    here.house.line('shut');
    here.house.cut();
  });
  await assert.rejects(here.run(['exit 3'], undefined, on(), 1000), failsAs('provisioner_failed'));
});

test('another daemon goes on with the script where the one before had read it, and with those after it', async () => {
  await using here = await site();
  const ran = join(here.house.folder, 'ran');
  const texts = [`echo one >>${ran}; ${count(60, '0.05')}`, `echo two >>${ran}; echo second`];
  const gone = new AbortController();
  here.whenHeard((line) => {
    if (line === 'n10') gone.abort(new Error('the daemon ended'));
  });
  await assert.rejects(here.run(texts, undefined, gone.signal), /the daemon ended/);
  const left = here.kept();
  assert.ok(left?.isBegun);
  here.cut();
  await here.run(texts, left);
  assert.deepEqual(here.lines, [...counted(60), 'stdout second']);
  assert.equal(await readFile(ran, 'utf8'), 'one\ntwo\n');
  assert.deepEqual(await readdir(here.remoteFolder), []);
});

test('a script that floods is read whole, and keeps a bounded part of it in the guest', async () => {
  await using here = await site();
  let most = 0;
  let chunks = 0;
  here.whenHeard(() => {
    if (++chunks % 2000 !== 0) return;
    // The script may have ended meanwhile, and what it left is removed while it is read.
    void unlessErrno(readdir(here.remoteFolder, { recursive: true }), 'ENOENT').then((names = []) => {
      most = Math.max(most, names.filter((name) => /\/o\.\d+$/.test(name)).length);
    });
  });
  await here.run(['head -c 30000000 /dev/zero | tr "\\\\0" x | fold -w 99'], undefined);
  assert.equal(here.lines.reduce((sum, line) => sum + line.length - 'stdout '.length, 0), 30_000_000); // prettier-ignore
  assert.ok(most <= 130, `${most} pieces waited at once`);
});

test('a script that fills the disk of the guest ends as it ended, and says that some of its output was lost', async (context) => {
  await using here = await site();
  try {
    await runProgram('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', here.remoteFolder], { signal: on() });
  } catch (error) {
    context.skip(`a small file system cannot be mounted here: ${String(error)}`);
    return;
  }
  await using mounted = cleanupStack();
  mounted.defer(async () => void (await runProgram('umount', ['-l', here.remoteFolder], { signal: on() })));
  const fill = `cat /dev/zero >${shellQuoted(join(here.remoteFolder, 'big'))} || { echo more >&2; exit 7; }`;
  await assert.rejects(here.run([`echo first; ${fill}`], undefined), (error) => failsAs('provisioner_failed')(error) && /exit code 7/.test(String(error))); // prettier-ignore
  assert.ok(here.lines.includes(`stderr ${noRoom}`), here.lines.join('\n'));
});

test('frames are read however their bytes come, and what no follower prints is refused', () => {
  const bytes = Buffer.from('o 6\nn1\nn2\ne 1\n\nx 255\nm\n');
  const expected = ['stdout n1\nn2\n', 'stderr \n', 'ended 255', 'more'];
  for (const at of [1, 2, 3, 7, bytes.length]) {
    const read = readFrames();
    const told: string[] = [];
    for (let from = 0; from < bytes.length; from += at)
      for (const frame of read(bytes.subarray(from, from + at)))
        told.push(
          frame.is === 'piece'
            ? `${frame.stream} ${Buffer.from(frame.bytes).toString()}`
            : frame.is === 'ended'
              ? `ended ${frame.exitCode}`
              : frame.is,
        );
    assert.deepEqual(told, expected);
  }
  for (const wrong of ['o 70000\n', 'hello\n', 'o -1\n', 'x 256\n', 'x 99999999999999999999\n', `${'o'.repeat(40)}`])
    assert.throws(() => readFrames()(Buffer.from(wrong)), failsAs('provisioner_failed'));
});
