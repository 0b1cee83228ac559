import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { MachineShape, MachineModel, Nic } from '../src/base/hardware.ts';
import { macOf } from '../src/base/machine/mac.ts';
import { ParseError } from '../src/base/text/parse-error.ts';
import { qemuArgv, type HostChoice } from '../src/vmm/qemu/argv.ts';
import { machineShapeKey } from '../src/vmm/qemu/keep/shape-key.ts';
import { netDevicesIn } from '../src/vmm/qemu/probe/inventory.ts';
import { addressesOf, mostSlots, networkConfig } from '../src/vmm/qemu/network.ts';
import { option } from '../src/vmm/qemu/option.ts';
import { refuseShape } from '../src/vmm/qemu/refuse.ts';
import type { Handed } from '../src/vmm/qemu/process/hand-over.ts';
import { planOf } from '../src/vmm/qemu/plan.ts';
import { icountOf, rtcOf } from '../src/base/machine/model-words.ts';
import type { MachineSpec } from '../src/vmm/types.ts';
import { failsAs } from './store-shop.ts';

const host: HostChoice = { accelerator: 'tcg', canSandbox: true };

const inventory = {
  version: '7.2',
  accelerators: ['kvm', 'tcg'],
  machineTypes: ['pc', 'q35'],
  cpuModels: ['max', 'qemu64'],
  netDevices: ['virtio-net-pci', 'virtio-net', 'e1000'],
  hasRandom: true,
  canSandbox: true,
};

const spec: MachineSpec = {
  name: 'imaged-6',
  slot: 6,
  folder: '/run/m6',
  memoryMb: 512,
  disks: [{ path: '/w/disk.qcow2', format: 'qcow2' }],
  nics: [{ network: 'local' }],
  boot: { device: 'disk' },
  cpus: 1,
  model: {},
  onReboot: 'end',
};

const handed: Handed = { disks: [{ set: 1, format: 'qcow2', layers: [] }] };

const argvOf = (change: Partial<MachineSpec> = {}, files: Handed = handed) =>
  qemuArgv(planOf({ ...spec, ...change }, files, inventory), host);

/** The network of the first NIC. */
const configOf = (change: Partial<MachineSpec> = {}, netcat = '/bin/nc') =>
  networkConfig(planOf({ ...spec, ...change }, handed, inventory), netcat) ?? '';

const mark = createHash('sha256').update('/run/m6').digest('hex').slice(0, 16);

/** The values given to one option. */
const valuesOf = (argv: readonly string[], name: string) =>
  argv.flatMap((word, index) => (argv[index - 1] === name ? [word] : []));

test('a plain machine is q35 with virtio, no display, no ROM, and nothing that it did not ask for', () => {
  assert.deepEqual(argvOf(), [
    ...['-name', 'imaged-6', '-S', '-nodefaults', '-no-user-config', '-display', 'none'],
    ...['-sandbox', 'on,obsolete=deny,resourcecontrol=deny'],
    ...['-machine', 'q35', '-accel', 'tcg', '-cpu', 'max', '-smp', '1', '-m', '512M'],
    ...[
      '-chardev',
      `socket,id=qmp-${mark},path=qmp.sock,server=on,wait=off`,
      '-mon',
      `chardev=qmp-${mark},mode=control`,
    ],
    ...['-chardev', 'pipe,id=events,path=events', '-mon', 'chardev=events,mode=control'],
    ...['-chardev', 'pipe,id=serial,path=serial', '-serial', 'chardev:serial'],
    ...['-device', 'pvpanic', '-device', 'vmgenid,guid=auto'],
    ...['-add-fd', 'fd=20,set=1'],
    '-blockdev',
    '{"driver":"qcow2","node-name":"disk0","cache":{"no-flush":true},"discard":"unmap",' +
      '"file":{"driver":"file","filename":"/dev/fdset/1","locking":"off"},"backing":null}',
    ...['-device', 'virtio-blk-pci,drive=disk0,bootindex=2'],
    ...['-readconfig', 'network.conf'],
    ...['-device', 'virtio-net-pci,netdev=nic0,mac=fe:e1:bb:d1:00:07,romfile='],
    ...['-device', 'virtio-rng-pci'],
    '-no-reboot',
  ]);
  assert.equal(
    configOf({ hostname: 'openbsd-site' }),
    `[netdev "nic0"]
  type = "user"
  restrict = "on"
  ipv6 = "off"
  net = "100.64.7.0/24"
  host = "100.64.7.2"
  dhcpstart = "100.64.7.3"
  dns = "100.64.7.5"
  hostname = "openbsd-site"
  guestfwd = "tcp:100.64.7.4:80-cmd:'/bin/nc' -N -U http.sock"
  hostfwd = "tcp:127.0.0.1:0-:22"
`,
  );
});

test('only the first network card has the endpoint, and only an outgoing one is not restricted', () => {
  const nics = { nics: [{ network: 'local' }, { network: 'outgoing' }] } as const;
  const [second = '', ...others] = valuesOf(argvOf(nics), '-netdev');
  assert.deepEqual(others, []);
  assert.match(configOf(nics), /restrict = "on".*guestfwd = .*hostfwd = /s);
  // The port is that of the namespace in which such a machine runs.
  assert.match(configOf(nics), /hostfwd = "tcp:100\.64\.7\.100:2222-:22"$/m);
  assert.match(second, /restrict=off/);
  assert.doesNotMatch(second, /guestfwd|hostfwd/);
  assert.match(second, /net=100\.80\.7\.0\/24/);
});

test('auto_install is told by DHCP to a machine that boots from the network, and to no other', () => {
  const boot = { device: 'net', kernel: '/k', initrd: '/i', append: () => 'a=1,b=2' } as const;
  const argv = argvOf({ boot });
  assert.match(configOf({ boot }), /^ {2}bootfile = "auto_install"$/m);
  assert.deepEqual([valuesOf(argv, '-kernel'), valuesOf(argv, '-initrd')], [['kernel'], ['initrd']]);
  assert.ok(argv.includes('--preconfig') && !argv.includes('-append'));
  assert.doesNotMatch(configOf(), /bootfile/);
});

test('a machine without a network starts no program, and one with a network no other than netcat', () => {
  assert.match(valuesOf(argvOf({ nics: [] }), '-sandbox').join(), /^on,.*elevateprivileges=deny,spawn=deny/);
  assert.doesNotMatch(valuesOf(argvOf(), '-sandbox').join(), /spawn/);
});

test('each layer beneath a disk is named to QEMU, the last as one that has none beneath it', () => {
  const layers = [
    { set: 2, format: 'qcow2' },
    { set: 3, format: 'qcow2' },
    { set: 4, format: 'raw' },
  ] as const;
  const argv = argvOf({}, { disks: [{ set: 1, format: 'qcow2', layers }], cdrom: { set: 5, format: 'raw' } });
  const nodes = valuesOf(argv, '-blockdev').map((text) => JSON.parse(text) as Record<string, unknown>);
  assert.deepEqual(
    nodes.map((node) => [node['node-name'], node['backing'], node['read-only']]),
    [
      ['disk0-base2', undefined, true],
      ['disk0-base1', 'disk0-base2', true],
      ['disk0-base0', 'disk0-base1', true],
      ['disk0', 'disk0-base0', undefined],
      ['cdrom', undefined, true],
    ],
  );
  assert.deepEqual(
    valuesOf(argv, '-add-fd'),
    [1, 2, 3, 4, 5].map((set) => `fd=${19 + set},set=${set}`),
  );
});

test('every slot has a network and a MAC of its own in 100.64.0.0/10', () => {
  const seen = new Set<string>();
  for (let slot = 0; slot < mostSlots; slot++) {
    const { guestIp, mac, http } = addressesOf({ slot, folder: '/f', nics: [] }, 2222);
    assert.match(guestIp, /^100\.(6[4-9]|7[0-9])\.([0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])\.3$/);
    assert.match(http.url, /^http:\/\/100\.[0-9.]+\.4$/);
    seen.add(guestIp).add(mac);
  }
  assert.equal(seen.size, 2 * mostSlots);
  assert.equal(addressesOf({ slot: 300, folder: '/f', nics: [] }, 2222).guestIp, '100.65.45.3');
});

test('a card has the address, the MTU and the model of its own, and the first one is what the machine tells', () => {
  const mac = macOf('52-54-00-AB-cd-ef');
  const nics = [
    { network: 'local', mac, mtu: 1400 },
    { network: 'local', model: 'e1000' },
  ] as const;
  const devices = valuesOf(argvOf({ nics }), '-device').filter((device) => device.includes('netdev='));
  assert.deepEqual(devices, [
    'virtio-net-pci,netdev=nic0,mac=52:54:00:ab:cd:ef,host_mtu=1400,romfile=',
    'e1000,netdev=nic1,mac=fe:e1:bb:d2:00:07,romfile=',
  ]);
  assert.equal(addressesOf({ slot: 6, folder: '/f', nics }, 1).mac, '52:54:00:ab:cd:ef');
  for (const wrong of ['01:00:5e:00:00:01', '52:54:00:ab:cd', '00:00:00:00:00:00', '52:54:00:ab:cd:ef,romfile=/x'])
    assert.throws(() => macOf(wrong), ParseError, wrong);
  const shape = { memoryMb: 1, cpus: 1, disks: [], boot: spec.boot, hasCdrom: true, hasFloppy: false, model: {} };
  const refused = (nic: Nic) =>
    refuseShape({ ...shape, boot: { device: 'cdrom' }, nics: [nic] }, { inventory, accelerators: undefined, noOutgoing: undefined })
      .map(({ pointer }) => pointer); // prettier-ignore
  assert.deepEqual(refused({ network: 'local', model: 'e1000', mtu: 1400 }), ['/machine/nics/0/mtu']);
  assert.deepEqual(refused({ network: 'local', model: 'virtio' }), ['/machine/nics/0/model']); // prettier-ignore
  assert.deepEqual(refused({ network: 'switch', switch: 'lan' }), ['/machine/nics/0/network']);
});

test('UEFI is two flash chips of the machine, and a CD of files is a drive on IDE behind that which it boots from', () => {
  const file = (set: number) => ({ set, format: 'raw' }) as const;
  const argv = argvOf(
    {},
    { ...handed, cdrom: file(2), cdOfFiles: file(3), firmware: { code: file(4), variables: file(5) } },
  );
  assert.deepEqual(valuesOf(argv, '-machine'), ['q35,pflash0=uefi-code,pflash1=uefi-variables']);
  assert.ok(valuesOf(argv, '-device').includes('ide-cd,drive=files,bus=ide.1'));
  assert.deepEqual(
    valuesOf(argv, '-blockdev').filter((node) => node.includes('uefi')),
    [
      '{"driver":"raw","node-name":"uefi-code","read-only":true,"file":{"driver":"file","filename":"/dev/fdset/4"}}',
      '{"driver":"raw","node-name":"uefi-variables","file":{"driver":"file","filename":"/dev/fdset/5"}}',
    ],
  );
});

test('a comma, a quote or a blank in the name of netcat stays where it belongs', () => {
  assert.ok(configOf({}, "/opt/it's, nc").includes(String.raw`cmd:'/opt/it'\''s, nc' -N -U http.sock"`));
  assert.throws(() => configOf({}, '/opt/"nc"'), failsAs('hypervisor_failed'));
  assert.equal(option('a', { b: 'c,d', e: undefined, f: 1 }), 'a,b=c,,d,f=1');
});

const shape: MachineShape = {
  memoryMb: 512,
  disks: [{ format: 'qcow2' }],
  nics: [{ network: 'local' }],
  boot: { device: 'disk' },
  hasCdrom: false,
  hasFloppy: false,
  cpus: 1,
  model: {},
};

const pointers = (change: Partial<MachineShape>) =>
  refuseShape({ ...shape, ...change }, { inventory, accelerators: ['tcg'], noOutgoing: 'the host has none' }).map(
    ({ pointer }) => pointer,
  );

test('a name that QEMU does not know is refused with the nearest one', () => {
  const [fieldError] = refuseShape(
    { ...shape, model: { net_device: 'virtio-nt' } },
    { inventory, accelerators: ['tcg'], noOutgoing: 'the host has none' },
  );
  assert.equal(fieldError?.pointer, '/machine/model/net_device');
  assert.match(fieldError?.message ?? '', /nearest it has is "virtio-net"/);
  assert.deepEqual(pointers({ model: { machine_type: 'microvm' } }), ['/machine/model/machine_type']);
  assert.deepEqual(pointers({ model: { cpu_model: 'max', machine_type: 'pc', net_device: 'e1000' } }), []);
});

test('no value of a template carries an option of QEMU', () => {
  const smuggled: readonly MachineModel[] = [
    { machine_type: 'q35,kernel-irqchip=off' },
    { cpu_model: 'max,+x' },
    { net_device: 'e1000,romfile=/etc/passwd' },
    { net_device: '-help' },
    { net_device: 'e1000\n' },
  ];
  for (const model of smuggled) {
    assert.equal(pointers({ model }).length, 1, JSON.stringify(model));
    const unasked = { inventory: undefined, accelerators: undefined, noOutgoing: 'the host has none' };
    assert.equal(refuseShape({ ...shape, model }, unasked).length, 1, `${JSON.stringify(model)} before QEMU was asked`);
    assert.throws(() => argvOf({ model }), { code: 'template_invalid' });
  }
});

test('icount and rtc are printed from what they mean, and other words than QEMU’s are refused', () => {
  const printed = (icount: string, rtc: string) => {
    const argv = argvOf({ model: { icount: icountOf(icount), rtc: rtcOf(rtc) } });
    return [...valuesOf(argv, '-icount'), ...valuesOf(argv, '-rtc')];
  };
  assert.deepEqual(printed('sleep=off,shift=09', 'clock=vm,base=2020-01-01'), [
    'shift=9,sleep=off',
    'base=2020-01-01T00:00:00,clock=vm',
  ]);
  assert.deepEqual(printed('auto', 'base=localtime'), ['shift=auto', 'base=localtime']);
  for (const text of ['11', 'shift=9,shift=8', 'auto,sleep=off', 'sleep=on', 'shift=1,rr=record'])
    assert.throws(() => icountOf(text), text);
  for (const text of [
    'base=2020-02-30',
    'base=1969-01-01',
    'base=::::',
    'base=utc,base=utc',
    'localtime',
    'base=utc,x=y',
  ])
    assert.throws(() => rtcOf(text), text);
});

test('what the machine cannot have is refused where the template asks for it', () => {
  assert.deepEqual(pointers({ nics: [{ network: 'local' }, { network: 'outgoing' }] }), ['/machine/nics/1/network']);
  assert.deepEqual(pointers({ nics: [] }), []);
  assert.deepEqual(pointers({ boot: { device: 'net' } }), ['/machine/boot/device']);
  assert.deepEqual(pointers({ boot: { device: 'cdrom' } }), ['/machine/boot/device']);
  assert.deepEqual(pointers({ model: { accelerator: 'kvm' } }), ['/machine/model/accelerator']);
  assert.deepEqual(pointers({ model: { accelerator: 'none' } }), []);
  const disks = Array.from({ length: 4 }, () => ({ format: 'raw' }) as const);
  const model = { disk_interface: 'ide', machine_type: 'pc' } as const;
  assert.deepEqual(pointers({ disks, model }), []);
  assert.deepEqual(pointers({ disks, model, hasCdrom: true }), ['/machine/disks']);
});

test('network cards are read from what QEMU prints, PCI only, aliases too', () => {
  const help =
    'Storage devices:\nname "nvme", bus PCI\n\nNetwork devices:\nname "e1000", bus PCI, alias "e1000-82540em", desc "x"\n' +
    'name "ne2k_isa", bus ISA\nname "rtl8139", bus PCI\n\nInput devices:\nname "virtio-input-host-pci", bus PCI\n';
  assert.deepEqual(netDevicesIn(help), ['e1000', 'e1000-82540em', 'rtl8139']);
});

test('what cloud-init is to find is a drive beside the CD, or stands in the serial number', () => {
  const seed = { set: 3, format: 'raw' } as const;
  const cdrom = { set: 2, format: 'raw' } as const;
  const devices = (change: Partial<MachineSpec>) => valuesOf(argvOf(change, { ...handed, cdrom, seed }), '-device');
  assert.ok(devices({}).includes('scsi-cd,drive=seed,bus=seeds.0'));
  assert.ok(devices({ model: { disk_interface: 'ide' } }).includes('ide-cd,drive=seed,bus=ide.2'));
  assert.ok(devices({ model: { disk_interface: 'ide', machine_type: 'pc' } }).includes('ide-cd,drive=seed,bus=ide.1,unit=0')); // prettier-ignore
  const argv = argvOf({ seed: { by: 'smbios', path: 'cloud-init/' } });
  assert.deepEqual(valuesOf(argv, '-smbios'), ['type=1,serial=ds=nocloud;s=http://100.64.7.4/cloud-init/']);
});

test('a machine that goes on has the addresses and the command line that the kept one had, whatever its slot', () => {
  const from = { memory: '/l/memory.zst', network: 6 };
  const names = (argv: readonly string[]) => argv.map((word) => word.replace('imaged-9', 'imaged-6'));
  assert.deepEqual(names(argvOf({ name: 'imaged-9', slot: 9, from })), [...argvOf(), '-incoming', 'defer']);
  assert.equal(configOf({ slot: 9, from }).replaceAll('imaged-9', 'imaged-6'), configOf());
  const { listen: _, ...addresses } = addressesOf({ slot: 9, folder: '/f', nics: [], from }, 2222);
  const { listen: _own, ...own } = addressesOf({ slot: 6, folder: '/f', nics: [] }, 2222);
  assert.deepEqual(addresses, own);
});

test('an old machine type has no device that tells of a copied memory: its firmware could not be told of it', () => {
  const types = ['pc-i440fx-2.4', 'pc-i440fx-1.7', 'pc-i440fx-2.5', 'pc-q35-2.10', 'pc-q35-7.2'];
  const known = { ...inventory, machineTypes: types };
  const has = (machine_type: string) =>
    qemuArgv(planOf({ ...spec, model: { machine_type } }, handed, known), host).includes('vmgenid,guid=auto');
  assert.deepEqual(types.filter(has), ['pc-i440fx-2.5', 'pc-q35-2.10', 'pc-q35-7.2']);
});

test('what two machines must have in common to share a memory is what their guests see, and nothing else', () => {
  const keyOf = (change: Partial<MachineSpec> = {}) =>
    machineShapeKey({ ...spec, ...change }, inventory, 'tcg', 'a CPU');
  const same: readonly Partial<MachineSpec>[] = [
    { name: 'imaged-1', slot: 1, folder: '/elsewhere', hostname: 'other', onReboot: 'again', sshPort: 2222 },
    { disks: [{ path: '/other.raw', format: 'raw' }] },
    { from: { memory: '/l/memory.zst', network: 3 } },
  ];
  for (const change of same) assert.equal(keyOf(change), keyOf(), JSON.stringify(change));
  const others: readonly Partial<MachineSpec>[] = [
    { memoryMb: 513 },
    { cpus: 2 },
    { disks: [...spec.disks, ...spec.disks] },
    { nics: [] },
    { nics: [{ network: 'local', mac: '52:54:00:ab:cd:ef' }] },
    { nics: [{ network: 'local', mtu: 1400 }] },
    { nics: [{ network: 'local', model: 'e1000' }] },
    { cdrom: '/a.iso' },
    { floppy: '/a.img' },
    { cdOfFiles: '/b.iso' },
    { seed: { by: 'smbios', path: 'seed/' } },
    { seed: { by: 'cdrom', image: () => new Uint8Array() } },
    { firmware: { by: 'uefi', variables: '/v.fd' } },
    { display: 'vga' },
    { boot: { device: 'net', kernel: '/bsd' } },
    { model: { machine_type: 'pc' } },
    { model: { cpu_model: 'qemu64' } },
    { model: { disk_interface: 'ide' } },
    { model: { net_device: 'virtio-net' } },
    { model: { icount: { shift: 9 } } },
    { model: { rtc: { clock: 'vm' } } },
  ];
  const keys = [keyOf(), ...others.map(keyOf)];
  assert.equal(new Set(keys).size, keys.length);
  assert.notEqual(machineShapeKey(spec, { ...inventory, version: '7.3' }, 'tcg', 'a CPU'), keyOf());
  const onKvm = (processor: string) => machineShapeKey(spec, inventory, 'kvm', processor);
  assert.notEqual(onKvm('a CPU'), onKvm('another'));
  assert.equal(machineShapeKey(spec, inventory, 'tcg', 'another'), keyOf());
});
