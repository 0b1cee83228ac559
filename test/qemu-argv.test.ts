import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MachineShape, QemuModel } from '../src/hardware.ts';
import { qemuArgv, type HostChoice } from '../src/vmm/qemu-argv.ts';
import { netDevicesIn } from '../src/vmm/qemu-inventory.ts';
import { addressesOf, mostSlots } from '../src/vmm/qemu-network.ts';
import { option } from '../src/vmm/qemu-option.ts';
import { refuseShape } from '../src/vmm/qemu-refuse.ts';
import type { MachineSpec } from '../src/vmm/types.ts';

const host: HostChoice = { accelerator: 'tcg', netcat: '/bin/nc', canSandbox: true };

const plain: MachineSpec = {
  name: 'imaged-6',
  slot: 6,
  folder: '/run/m6',
  memoryMb: 512,
  disks: [{ path: '/w/disk.qcow2', format: 'qcow2' }],
  nics: [{ network: 'local' }],
  boot: { device: 'disk' },
  qemu: {},
  onReboot: 'end',
};

/** The values given to one option. */
const valuesOf = (argv: readonly string[], name: string) =>
  argv.flatMap((word, index) => (argv[index - 1] === name ? [word] : []));

test('a plain machine is q35 with virtio, no display, no ROM, and nothing that it did not ask for', () => {
  assert.deepEqual(qemuArgv(plain, host), [
    ...['-name', 'imaged-6', '-S', '-nodefaults', '-no-user-config', '-display', 'none'],
    ...['-pidfile', '/run/m6/qemu.pid'],
    ...['-sandbox', 'on,obsolete=deny,resourcecontrol=deny'],
    ...['-machine', 'q35', '-accel', 'tcg', '-cpu', 'max', '-smp', '1', '-m', '512M'],
    ...['-chardev', 'socket,id=qmp,path=/run/m6/qmp.sock,server=on,wait=off', '-mon', 'chardev=qmp,mode=control'],
    ...['-chardev', 'socket,id=serial,path=/run/m6/serial.sock,server=on,wait=off', '-serial', 'chardev:serial'],
    ...['-device', 'pvpanic'],
    '-blockdev',
    'driver=qcow2,node-name=disk0,cache.no-flush=on,discard=unmap,file.driver=file,file.filename=/w/disk.qcow2',
    ...['-device', 'virtio-blk-pci,drive=disk0,bootindex=2'],
    '-netdev',
    'user,id=nic0,restrict=on,ipv6=off,net=100.64.7.0/24,host=100.64.7.2,dhcpstart=100.64.7.3,dns=100.64.7.5,' +
      "hostname=imaged-6,guestfwd=tcp:100.64.7.4:80-cmd:'/bin/nc' -N -U '/run/m6/http.sock',hostfwd=tcp:127.0.0.1:0-:22",
    ...['-device', 'virtio-net-pci,netdev=nic0,mac=fe:e1:bb:d1:00:07,romfile='],
    '-no-reboot',
  ]);
});

test('only the first network card has the endpoint, and only an outgoing one is not restricted', () => {
  const argv = qemuArgv({ ...plain, nics: [{ network: 'local' }, { network: 'outgoing' }] }, host);
  const [first = '', second = ''] = valuesOf(argv, '-netdev');
  assert.match(first, /restrict=on.*guestfwd=.*hostfwd=/);
  // The port is that of the namespace in which such a machine runs.
  assert.match(first, /hostfwd=tcp:100\.64\.7\.100:2222-:22$/);
  assert.match(second, /restrict=off/);
  assert.doesNotMatch(second, /guestfwd|hostfwd/);
  assert.match(second, /net=100\.80\.7\.0\/24/);
});

test('auto_install is told by DHCP to a machine that boots from the network, and to no other', () => {
  const boot = { device: 'net', kernel: '/k', initrd: '/i', append: 'a=1,b=2' } as const;
  const argv = qemuArgv({ ...plain, boot }, host);
  assert.match(valuesOf(argv, '-netdev').join(), /,bootfile=auto_install,/);
  assert.deepEqual(
    [valuesOf(argv, '-kernel'), valuesOf(argv, '-initrd'), valuesOf(argv, '-append')],
    [['/k'], ['/i'], ['a=1,b=2']],
  );
  assert.doesNotMatch(valuesOf(qemuArgv(plain, host), '-netdev').join(), /bootfile/);
});

test('every slot has a network and a MAC of its own in 100.64.0.0/10', () => {
  const seen = new Set<string>();
  for (let slot = 0; slot < mostSlots; slot++) {
    const { guestIp, mac, http } = addressesOf(slot, '/f', 2222);
    assert.match(guestIp, /^100\.(6[4-9]|7[0-9])\.([0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])\.3$/);
    assert.match(http.url, /^http:\/\/100\.[0-9.]+\.4$/);
    seen.add(guestIp).add(mac);
  }
  assert.equal(seen.size, 2 * mostSlots);
  assert.equal(addressesOf(300, '/f', 2222).guestIp, '100.65.45.3');
});

test('a path with commas, quotes and blanks stays one value', () => {
  const folder = "/run/it's, m";
  const argv = qemuArgv({ ...plain, folder, disks: [{ path: '/w/a,format=x', format: 'raw' }] }, host);
  assert.match(valuesOf(argv, '-blockdev').join(), /file\.filename=\/w\/a,,format=x$/);
  assert.match(valuesOf(argv, '-netdev').join(), /-U '\/run\/it'\\''s,, m\/http\.sock',hostfwd/);
  assert.equal(option('a', { b: 'c,d', e: undefined, f: 1 }), 'a,b=c,,d,f=1');
});

const shape: MachineShape = {
  memoryMb: 512,
  disks: [{ format: 'qcow2' }],
  nics: [{ network: 'local' }],
  boot: { device: 'disk' },
  hasCdrom: false,
  hasFloppy: false,
  qemu: {},
};

const inventory = {
  version: '7.2',
  accelerators: ['kvm', 'tcg'],
  machineTypes: ['pc', 'q35'],
  cpuModels: ['max', 'qemu64'],
  netDevices: ['virtio-net-pci', 'virtio-net', 'e1000'],
  canSandbox: true,
};

const pointers = (change: Partial<MachineShape>) =>
  refuseShape({ ...shape, ...change }, { inventory, accelerators: ['tcg'], noOutgoing: 'the host has none' }).map(
    ({ pointer }) => pointer,
  );

test('a name that QEMU does not know is refused with the nearest one', () => {
  const [complaint] = refuseShape(
    { ...shape, qemu: { net_device: 'virtio-nt' } },
    { inventory, accelerators: ['tcg'], noOutgoing: 'the host has none' },
  );
  assert.equal(complaint?.pointer, '/qemu/net_device');
  assert.match(complaint?.message ?? '', /nearest it has is "virtio-net"/);
  assert.deepEqual(pointers({ qemu: { machine_type: 'microvm' } }), ['/qemu/machine_type']);
  assert.deepEqual(pointers({ qemu: { cpu_model: 'max', machine_type: 'pc', net_device: 'e1000' } }), []);
});

test('no value of a template carries an option of QEMU', () => {
  const smuggled: readonly QemuModel[] = [
    { machine_type: 'q35,kernel-irqchip=off' },
    { cpu_model: 'max,+x' },
    { net_device: 'e1000,romfile=/etc/passwd' },
    { net_device: '-help' },
    { net_device: 'e1000\n' },
    { icount: 'shift=9,rrfile=/etc/x' },
    { icount: 'shift=9,,x' },
    { rtc: 'base=utc,clock=vm,x=y' },
    { rtc: '' },
  ];
  for (const qemu of smuggled) {
    assert.equal(pointers({ qemu }).length, 1, JSON.stringify(qemu));
    const unasked = { inventory: undefined, accelerators: undefined, noOutgoing: 'the host has none' };
    assert.equal(refuseShape({ ...shape, qemu }, unasked).length, 1, `${JSON.stringify(qemu)} before QEMU was asked`);
  }
  assert.deepEqual(pointers({ qemu: { icount: 'shift=9,sleep=off', rtc: 'base=2020-01-01T00:00:00,clock=vm' } }), []);
});

test('what the machine cannot have is refused where the template asks for it', () => {
  assert.deepEqual(pointers({ nics: [{ network: 'local' }, { network: 'outgoing' }] }), ['/machine/nics/1/network']);
  assert.deepEqual(pointers({ nics: [] }), []);
  assert.deepEqual(pointers({ boot: { device: 'net' } }), ['/machine/boot/device']);
  assert.deepEqual(pointers({ boot: { device: 'cdrom' } }), ['/machine/boot/device']);
  assert.deepEqual(pointers({ qemu: { accelerator: 'kvm' } }), ['/qemu/accelerator']);
  assert.deepEqual(pointers({ qemu: { accelerator: 'none' } }), []);
  const disks = Array.from({ length: 4 }, () => ({ format: 'raw' }) as const);
  const qemu = { disk_interface: 'ide', machine_type: 'pc' } as const;
  assert.deepEqual(pointers({ disks, qemu }), []);
  assert.deepEqual(pointers({ disks, qemu, hasCdrom: true }), ['/machine/disks']);
});

test('network cards are read from what QEMU prints, PCI only, aliases too', () => {
  const help =
    'Storage devices:\nname "nvme", bus PCI\n\nNetwork devices:\nname "e1000", bus PCI, alias "e1000-82540em", desc "x"\n' +
    'name "ne2k_isa", bus ISA\n\nInput devices:\nname "virtio-input-host-pci", bus PCI\n';
  assert.deepEqual(netDevicesIn(help), ['e1000', 'e1000-82540em']);
});
