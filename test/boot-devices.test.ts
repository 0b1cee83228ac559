import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyNoBoot, type BootMedia } from '../src/base/machine/boot-devices.ts';
import type { Boot, MachineShape } from '../src/base/hardware.ts';
import { refuseBoot } from '../src/vmm/refuse-boot.ts';

const none: BootMedia = { hasDisk: false, hasCdrom: false, hasFloppy: false, hasKernel: false };
const devices = ['disk', 'cdrom', 'floppy', 'net'] as const;

test('a device can be booted from where its medium is there, and from the network with a kernel alone', () => {
  const bootable = (media: Partial<BootMedia>) =>
    devices.filter((device) => whyNoBoot(device, { ...none, ...media }) === undefined);
  assert.deepEqual(bootable({}), []);
  assert.deepEqual(bootable({ hasDisk: true }), ['disk']);
  assert.deepEqual(bootable({ hasCdrom: true }), ['cdrom']);
  assert.deepEqual(bootable({ hasFloppy: true }), ['floppy']);
  assert.deepEqual(bootable({ hasKernel: true }), ['disk', 'net']);
});

test('vmd refuses a floppy and what it does not hand to a kernel, QEMU neither', () => {
  const shape = (boot: Boot): MachineShape => ({
    ...{ memoryMb: 1, cpus: 1, disks: [], nics: [], boot, hasCdrom: true, hasFloppy: true, model: {} },
  });
  const refused = (hypervisor: 'qemu' | 'vmd', boot: Boot) =>
    refuseBoot(shape(boot), hypervisor).map(({ pointer }) => pointer.replace('/machine/boot/', ''));
  const whole = { device: 'net', kernel: '/k', initrd: '/i', append: 'x' } as const;
  assert.deepEqual([refused('qemu', whole), refused('vmd', whole)], [[], ['initrd', 'append']]);
  const floppy = { device: 'floppy' } as const;
  assert.deepEqual([refused('qemu', floppy), refused('vmd', floppy)], [[], ['device']]);
  for (const hypervisor of ['qemu', 'vmd'] as const) {
    assert.deepEqual(refused(hypervisor, { device: 'cdrom' }), []);
    assert.deepEqual(refused(hypervisor, { device: 'disk' }), ['device']);
    assert.deepEqual(refused(hypervisor, { device: 'net' }), ['device']);
  }
});
