import assert from 'node:assert/strict';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { guest } from '../fixtures/imaged.ts';
import { converse, eventually, rowOf } from '../fixtures/vmd-console.ts';
import { disksFor } from '../fixtures/vmd-disks.ts';
import { needsRoot, startVmd } from '../fixtures/vmd.ts';

const options = { skip: needsRoot };

test('an installation that nobody types in runs through vmd, and its system boots and stops', options, async () => {
  await using vmd = await startVmd({ redirect: 'port' });
  const { path } = await disksFor(vmd);
  const web = join(vmd.folder, 'web');
  await mkdir(web);
  const answers = await readFile(join(guest, 'install.conf'), 'utf8');
  await writeFile(join(web, 'install.conf'), answers.replaceAll('100.64.7.4', '100.64.3.2'));
  for (const name of ['sets', 'disklabel.auto']) await symlink(join(guest, name), join(web, name));
  await using server = converse(vmd, ['python3', '-um', 'http.server', '-d', web, '8079'], 'root');
  await server.hear(/Serving HTTP/);

  const disk = join(path, 'disk');
  assert.equal((await vmd.vmctlAsImaged('create', '-s', '256M', `qcow2:${disk}`)).exitCode, 0);
  const words = ['start', '-c', '-t', 'imaged', '-m', '256M', '-L', '-d', `qcow2:${disk}`];
  {
    await using console = converse(vmd, ['vmctl', ...words, '-b', join(guest, 'bsd.rd'), '-B', 'net', 'im-0']);
    await console.hear(/Starting non-interactive mode in 5 seconds\.\.\./);
    await console.hear(/Fetching http:\/\/100\.64\.3\.2\/fe:e1:bb:d1:[0-9a-f]{2}:[0-9a-f]{2}-install\.conf\?path=/);
    await console.hear(/Fetching http:\/\/100\.64\.3\.2\/im-0-install\.conf\?path=/);
    await console.hear(/Fetching http:\/\/100\.64\.3\.2\/install\.conf\?path=/);
    await console.hear(/CONGRATULATIONS! Your OpenBSD install has been successfully completed!/);
    await console.hear(/reboot: Restarting system/);
    // With -B the guest's reset is the VM's end.
    assert.equal(await console.ended, 0);
    await eventually(
      () => rowOf(vmd, 'im-0'),
      (row) => row === undefined,
    );
  }
  await using console = converse(vmd, ['vmctl', ...words, 'im-0']);
  await console.hear(/\nlogin: $/);
  console.type('root\r');
  await console.hear(/Password: ?$/);
  console.type('tiny\r');
  await console.hear(/# $/);
  // Before its driver listens to the power button, a stop is a power cut.
  console.type('until pidof acpid; do usleep 100000; done; echo listens-$((1 + 1))\r');
  await console.hear(/listens-2/);
  assert.match((await vmd.vmctlAsImaged('stop', '-w', 'im-0')).stderr, /: terminated vm 3\n$/);
  await console.ended;
  assert.match(console.text(), /reboot: Power down/);
});
