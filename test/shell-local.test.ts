import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { removeHostFolders } from '../src/build/on-host/host-folder.ts';
import { toolGuest } from './fixtures/tool-guest.ts';
import { processesIn } from './fixtures/processes.ts';
import { untilTrue } from './fixtures/until-true.ts';

test('a script runs on the host in a folder of its own with a clean environment, and both go', async () => {
  process.env['SECRET_OF_THE_DAEMON'] = 'secret';
  await using at = await toolGuest({}, { 'a.sh': '#!/bin/sh\necho "$0" "$PWD" "$HOME"; sleep 1000 & env | LC_ALL=C sort | cut -d= -f1 | tr "\\n" " "; echo; id -u; grep -s NoNewPrivs /proc/self/status' }); // prettier-ignore
  await at.provision({ type: 'shell-local', script: 'a.sh', env: { NAME: 'x' } });
  const [where = '', names = '', uid, privileges] = at.lines;
  const [script = '', folder = '', home] = where.split(' ');
  assert.deepEqual([script, home], [`${folder}/script`, folder]);
  assert.equal(names.trim(), 'HOME IMAGED_BUILD_ID LC_ALL NAME PACKER_BUILDER_TYPE PACKER_BUILD_NAME PACKER_HTTP_ADDR PACKER_HTTP_IP PACKER_HTTP_PORT PATH PWD TMPDIR'); // prettier-ignore
  assert.equal(existsSync(folder), false);
  assert.deepEqual(await processesIn(folder), []);
  if (process.platform === 'linux' && process.getuid?.() === 0)
    assert.deepEqual([uid, privileges], ['1900100000', 'NoNewPrivs:\t1']);
});

/** What the kernel gives here: without it a session of its own outlives the script. */
const namespaces = spawnSync('unshare', ['--user', '--pid', '--fork', 'true']).status === 0;

test(
  'what puts itself into a session of its own ends with its script, and with a build that is cancelled',
  { skip: !namespaces && 'this kernel gives no namespaces' },
  async () => {
    await using at = await toolGuest({});
    const away = [
      'setsid sh -c "echo >away; exec sleep 1000" &',
      'until [ -e away ]; do sleep 0.1; done',
      'echo "$PWD"',
    ];
    await at.provision({ type: 'shell-local', inline: away });
    const [folder = ''] = at.lines.filter((line) => line.startsWith('/'));
    assert.deepEqual(await processesIn(folder), []);
    const cancelled = new AbortController();
    const onLines = (lines: readonly string[]) => {
      at.lines.push(...lines);
      if (lines.includes('away')) cancelled.abort(new Error('cancelled'));
    };
    at.lines.length = 0;
    const inline = ['echo "$PWD"', 'setsid sh -c "echo away; exec sleep 1000"'];
    await assert.rejects(at.provision({ type: 'shell-local', inline }, { onLines }, cancelled.signal), /cancelled/);
    const [second = ''] = at.lines;
    await untilTrue(async () => (await processesIn(second)).length === 0);
  },
);

test('lines are one script, an exit code that is not allowed fails, and other hosts have nothing to do', async () => {
  await using at = await toolGuest({});
  await at.provision({
    type: 'shell-local',
    inline: ['a=1', 'echo $a {{ vm_name }}', 'exit 3'],
    valid_exit_codes: [3],
  });
  await at.provision({ type: 'shell-local', command: 'echo one' });
  await at.provision({ type: 'shell-local', command: 'echo never', only_on: ['windows'] });
  assert.deepEqual(at.lines, ['1 imaged-0', 'one']);
  await assert.rejects(at.provision({ type: 'shell-local', inline: ['echo why', 'false', 'echo never'] }), {
    code: 'provisioner_failed',
    message: 'inline script 1 said last: why\nIt ended with exit code 1, and only 0 is allowed.',
  });
});

test('a host that does not allow it refuses it with its place and the key that would', async () => {
  await using at = await toolGuest({});
  await assert.rejects(
    at.resolved({ type: 'shell-local', inline: 'id' }, { shell_local: false, ansible: true, ansible_galaxy: true }),
    {
      code: 'template_invalid',
      message: /\/provisioners\/0\/type.*does not allow it.*"shell_local" under \[provisioners\]/,
    },
  );
});

test('a daemon that is killed takes its scripts on the host along, and the next one finds their folders', async () => {
  const workspace = await mkdtemp(join(tmpdir(), 'imaged-test-'));
  try {
    const daemon = spawn(process.execPath, [join(import.meta.dirname, 'fixtures/on-host-child.js'), workspace], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [folder] = (await once(daemon.stdout, 'data')) as [Buffer];
    const gone = once(daemon, 'exit');
    assert.notDeepEqual(await processesIn(String(folder)), []);
    daemon.kill('SIGKILL');
    await gone;
    await untilTrue(async () => (await processesIn(String(folder))).length === 0);
    assert.equal(existsSync(String(folder)), true);
    await removeHostFolders(workspace);
    assert.deepEqual([existsSync(String(folder)), await readdir(workspace)], [false, []]);
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
});
