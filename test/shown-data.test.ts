import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { shownData } from '../src/api/builds/events/shown-data.ts';
import { startArgv } from '../src/vmm/vmd/argv.ts';

test('the command line that started a machine has no folder of the host, under QEMU and under vmd', () => {
  const folder = '/var/imaged/work/imaged-0';
  const spec = {
    ...{ name: 'imaged-0', slot: 0, folder, memoryMb: 512, cpus: 1, nics: [], model: {} },
    onReboot: 'end',
    disks: [{ path: join(folder, 'disk0.qcow2'), format: 'qcow2' }],
    cdrom: join(folder, 'cd.iso'),
    boot: { device: 'disk', kernel: '/var/imaged/run/imaged-0/kernel' },
  } as const;
  const templates = { local: 'imaged', outgoing: 'imaged-out', switches: [] };
  const shown = (program: string, command: readonly string[]) =>
    shownData({ type: 'machine.started', data: { name: 'imaged-0', program, command } });
  const vmd = ['start', '-c', '-t', 'imaged', '-m', '512M', '-d', 'qcow2:disk0.qcow2', '-r', 'cd.iso', '-b', 'kernel', '-B', 'disk', 'imaged-0']; // prettier-ignore
  assert.deepEqual(shown('vmctl', ['vmctl', ...startArgv(spec, templates)]), {
    ...{ name: 'imaged-0', program: 'vmctl', command: ['vmctl', ...vmd] },
  });
  const qemu = '/opt/qemu/bin/qemu-system-x86_64';
  assert.deepEqual(shown(qemu, [qemu, '-chardev', 'socket,id=qmp,path=qmp.sock', '-append', 'root=/dev/sda1 quiet']), {
    ...{ name: 'imaged-0', program: 'qemu-system-x86_64' },
    command: ['qemu-system-x86_64', '-chardev', 'socket,id=qmp,path=qmp.sock', '-append', 'root=/dev/sda1 quiet'],
  });
  const other = { pattern: '/root', text: '/root/x' };
  assert.deepEqual(shownData({ type: 'console.heard', data: other }), other);
});
