/** What `qemuargs` have that changes nothing here, and why. */

export const accelerator = 'the best accelerator that works on the host is taken';
const display = 'the build sees to its display';
export const ownBoot = 'the machine boots from what it begins with, and then from its disk';

/** Why each of these changes nothing. */
const harmless: Readonly<Record<string, string>> = {
  '-display': display,
  '-vga': 'a machine with a display has a standard VGA',
  '-vnc': display,
  '-spice': display,
  '-k': 'keys are typed as those of a keyboard for the United States',
  '-enable-kvm': accelerator,
  '-accel': accelerator,
  '-no-reboot': 'the build sees to its end',
  '-no-shutdown': 'the build sees to its end',
  '-monitor': 'the build has a monitor of its own',
  '-mon': 'the build has a monitor of its own',
  '-qmp': 'the build has a monitor of its own',
  '-name': 'the build names its machines',
  '-boot': ownBoot,
  '-parallel': 'the machine has no such port',
  '-chardev': 'the build sees to its lines',
  '-audiodev': 'the machine has no sound',
  '-soundhw': 'the machine has no sound',
  '-usb': 'the machine has no USB',
  '-usbdevice': 'the machine has no USB',
  '-d': 'the build sees to what QEMU logs',
  '-D': 'the build sees to what QEMU logs',
  '-msg': 'the build sees to what QEMU logs',
  '-pidfile': 'the build sees to its process',
  '-nodefaults': 'the machine has what is written here, and nothing else',
  '-no-user-config': 'the machine has what is written here, and nothing else',
};

const withoutIt = 'the machine has none while it is built';

/** Devices that no image depends on, by what begins their names (QEMU's `-device help`), and why each changes nothing. */
const harmlessDevices: readonly (readonly [RegExp, string])[] = [
  [/^virtio-rng(?:-pci)?$/, 'each machine has one'],
  [/^virtio-scsi(?:-pci|-device)?$/, 'the build sees to what its disks hang on'],
  [/^(?:scsi|ide)-cd$/, 'the build sees to its CD'],
  [/^(?:pcie-root-port|ioh3420|pci-bridge)$/, 'the build sees to what its devices hang on'],
  [/^(?:qemu-xhci|nec-usb-xhci|(?:piix[34]|ich9)-usb-.*|usb-(?:ehci|tablet|mouse|kbd|hub))$/, `USB: ${withoutIt}`],
  [/^virtio-(?:tablet|keyboard|mouse)(?:-pci)?$/, withoutIt],
  [/^(?:VGA|qxl|qxl-vga|cirrus-vga|bochs-display|virtio-(?:gpu|vga)(?:-.*)?)$/, 'a machine with a display has a standard VGA'], // prettier-ignore
  [/^(?:intel-hda|ich9-intel-hda|hda-.*|AC97|ES1370|sb16)$/, 'the machine has no sound'],
  [/^virtio-balloon(?:-pci)?$/, withoutIt],
  [/^(?:virtio-serial(?:-pci)?|virtserialport|isa-serial)$/, 'the console is the serial line'],
];

/** Why a device changes nothing here; undefined: it may. */
export const idleDevice = (model: string): string | undefined =>
  harmlessDevices.find(([pattern]) => pattern.test(model))?.[1];

/** Packer's own interface is called user.0 (step_run.go). */
const packersNetwork = 'user.0';

const idIn = (value: string): string | undefined => /(?:^|,)id=([^,]+)/.exec(value)?.[1];

// What forwards Packer's port to a guest stands in place of Packer's own interface, whatever it is called.
const forwardsLogin = /(?:^|,)hostfwd=tcp:[^:,]*:\{\{\s*\.SSHHostPort\s*\}\}-[^:,]*:[0-9]+(?:,|$)/;

const isUsed = (device: string): boolean => device.split(',').includes(`netdev=${packersNetwork}`);

/**
 * What the user network that a login goes over may be called in these values of `-netdev`, beside those of `-device`. Where
 * none forwards a login, as of a builder that does not log in, the first is that network: it stands in place of Packer's own.
 */
export const networksIn = (netdevs: readonly string[], devices: readonly string[]): readonly string[] => {
  const users = netdevs.filter((value) => /^user,/.test(value));
  const logins = users.flatMap((value) => (forwardsLogin.test(value) ? (idIn(value) ?? []) : []));
  const hasOwn = devices.some(isUsed) || users.some((value) => idIn(value) === packersNetwork);
  const [only] = logins.length > 0 || hasOwn ? [] : users.flatMap((value) => idIn(value) ?? []);
  return [packersNetwork, ...logins, ...(only === undefined ? [] : [only])];
};

/** Why an argument changes nothing here; undefined: it may. `networks` are those that a login goes over. */
export const idleReason = (name: string, value: string, networks: readonly string[]): string | undefined => {
  const id = idIn(value);
  if (name === '-netdev' && /^user,/.test(value) && id !== undefined && networks.includes(id))
    return 'the build sees to its network';
  return Object.hasOwn(harmless, name) ? harmless[name] : undefined;
};
