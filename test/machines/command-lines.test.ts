import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { isVmd } from '../fixtures/hypervisor.ts';
import { guest, startImaged, type Imaged } from '../fixtures/imaged.ts';
import { eventsOf } from '../fixtures/follow-events.ts';
import { watchProcesses } from '../fixtures/watch-processes.ts';
import { installedMachine, letIn, postContext, succeeded, tarOf, textOf, unpackRamdisk } from '../fixtures/tiny-builds.ts'; // prettier-ignore

const run = promisify(execFile);

// Another run of this test may be under way on this host.
const ownRun = randomBytes(4).toString('hex');

/** A value that is nowhere else, and can be told from others where it is found. */
const mark = (what: string) => `mark-${what}-${ownRun}`;
const anyMark = new RegExp(`mark-[a-z0-9-]+-${ownRun}`, 'g');

let imaged: Imaged;
let folder: string;
let bin: string;

// Some of them live for a few milliseconds: they are told by a program in front of them.
const brief = ['ssh', 'ssh-keygen', 'qemu-img', 'nc'];

/** Puts a program in front of each that writes down what it was called with, and becomes the real one. */
const listenAtDoors = async () => {
  await mkdir(bin);
  for (const name of brief) {
    const { stdout } = await run('sh', ['-c', 'command -v "$1"', 'sh', name]);
    const words = `{ printf '%s\\n' "$0" "$@"; env; } >>'${join(bin, `${name}.called`)}'`;
    await writeFile(join(bin, name), `#!/bin/sh\n${words}\nexec ${stdout.trim()} "$@"\n`, { mode: 0o755 });
  }
};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'command-lines-'));
  bin = join(folder, 'bin');
  await listenAtDoors();
  await unpackRamdisk(folder);
  imaged = await startImaged({
    tables: '[hypervisor.qemu]\naccelerator = "tcg"',
    media: { tiny: guest, own: folder },
    env: { IMAGED_TEST_SECRET: mark('daemon'), ...(isVmd ? {} : { PATH: `${bin}:${process.env['PATH'] ?? ''}` }) },
  });
});

after(async () => {
  await imaged[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

test('nothing of a template, its variables or the daemon stands on a command line or in an environment of this host', async () => {
  const context = join(folder, mark('context'));
  await mkdir(context);
  const script = `${mark('script')}.sh`;
  await writeFile(join(context, script), `#!/bin/sh\necho "script: $MARKED $0"\n`);
  const machine = await installedMachine(folder);
  const template = {
    name: mark('template'),
    description: mark('description'),
    variables: { password: { required: true, sensitive: true }, plain: { default: mark('plain') } },
    machine:
      'append' in machine.boot
        ? {
            ...machine,
            boot: { ...machine.boot, append: `${machine.boot.append} ${mark('append')} url={{ http_url }}/` },
          }
        : machine,
    http: { [mark('path')]: `${mark('response')}\n`, 'secret.conf': '{{ password }}\n' },
    install: {
      console: [
        ...letIn,
        { hear: '# $', say: `: ${mark('said')}` },
        { hear: '# $', say: 'true {{ password }}' },
        { hear: '# $', say: `echo 'shown: {{ password }}'` },
      ],
      ends: 'never',
    },
    communicator: { type: 'ssh', username: 'root', timeout: '2m' },
    provisioners: [
      {
        type: 'shell',
        name: mark('step').slice(0, 40),
        env: { MARKED: mark('env'), PASSWORD: '{{ password }}' },
        inline: [
          `: ${mark('inline')}`,
          // All processes of the guest, as one of its other users would see them; one may end before it is looked at.
          `for p in /proc/[0-9]*; do { tr '\\0' ' ' <$p/cmdline; echo; } || :; done >/tmp/seen 2>/dev/null`,
          `if grep -e "$MARKED" -e "$PASSWORD" /tmp/seen; then echo 'seen in the guest'; exit 1; fi`,
          'grep -q dropbear /tmp/seen && echo "looked in the guest"',
          'echo "the password is $PASSWORD"',
        ],
      },
      {
        type: 'shell',
        script,
        env: { MARKED: mark('env'), PASSWORD: '{{ password }}' },
        execute_command: `: ${mark('execute')}; sh -c '. {{ .EnvVarFile }}; exec sh {{ .Path }}'`,
      },
      { type: 'shell', script, env: { MARKED: mark('env') }, execute_command: `{{ .Vars }} sh {{ .Path }}` },
    ],
    shutdown: { command: `: ${mark('shutdown')} {{ password }}; halt -p`, timeout: '1m' },
    artifacts: [{ name: `${mark('artifact')}.qcow2` }],
  };
  await writeFile(join(context, 'template.json'), JSON.stringify(template));
  const archive = await tarOf(context);

  await using watching = await watchProcesses(imaged, anyMark);
  const query = `?variable=password=${mark('variable')}&label=${mark('label')}=${mark('value')}`;
  const { id } = await postContext(imaged, archive, 'application/x-tar', query);
  await succeeded(imaged, id);
  const { programs, found, rounds } = await watching.stop();

  for (const program of ['ssh', isVmd ? 'vmctl' : 'qemu-system-x86_64'])
    assert.ok(programs.has(program), `${program} was not seen in ${rounds} rounds: ${[...programs].join()}`);
  if (!isVmd)
    for (const name of brief) {
      const called = await readFile(join(bin, `${name}.called`), 'utf8');
      assert.match(called, /^LC_ALL=C$/m);
      for (const words of called.match(anyMark) ?? []) found.push({ program: name, where: 'cmdline', words });
    }
  assert.deepEqual(found, []);

  const log = await textOf(imaged, id, 'log');
  assert.match(log, /^\S+ {3}looked in the guest$/m);
  assert.match(log, /^\S+ {3}the password is <sensitive>$/m);
  assert.equal(log.match(new RegExp(`^\\S+ {3}script: ${mark('env')} `, 'gm'))?.length, 2, log);
  const shown = `${log}${await textOf(imaged, id, 'console')}${JSON.stringify(await eventsOf(imaged, id))}`;
  assert.ok(!shown.includes(mark('variable')), 'a sensitive value is in a text of the build');
  assert.match(await textOf(imaged, id, 'console'), /^shown: <sensitive>/m);
  assert.ok(shown.includes(mark('said')));
});
