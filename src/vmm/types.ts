/** What starts machines, in the words of a build. Nothing here knows the program behind it. */

import type { EventData } from '../base/records/build-events.ts';
import type { FieldError } from '../base/fault.ts';
import type { HypervisorName } from '../base/machine/hypervisors.ts';
import type { KeyMotion } from '../base/machine/us-keyboard.ts';
import type { BaseImage, Boot, DiskFormat, ListenAt, MachineModel, MachineShape, Nic } from '../base/hardware.ts';

export type DiskFile = { readonly path: string; readonly format: DiskFormat };

/** A disk of a machine: its own file, and the image to which its reads fall through, which must not change meanwhile. */
export type Disk = DiskFile & { readonly base?: BaseImage };

/** A disk to make: empty, or an overlay over `base`. */
export type DiskSpec = Disk & {
  /** MiB. With a base it may be left out: the base's own size. */
  readonly sizeMb?: number;
};

/**
 * What cloud-init of the guest is to find (NoCloud): an image for a drive of its own, made when the addresses are known, or
 * a path of the endpoint, with a slash at its end, that the serial number of the machine names. Addresses are undefined
 * where the hypervisor gives them only to a machine that runs.
 */
export type Seed =
  | { readonly by: 'cdrom'; readonly image: (known: StaticAddresses | undefined) => Uint8Array }
  | { readonly by: 'smbios'; readonly path: string };

/**
 * A machine to start. A client may have chosen the names of its files but for the disks' own, and every text in `boot`
 * and `model`: a hypervisor puts none of them on a command line, and opens the files itself or by names of its own.
 */
export type MachineSpec = {
  /** The slot's name, `imaged-0` and so on: it decides the addresses, and is how a machine left behind is found. */
  readonly name: string;
  /** What DHCP calls the guest, where the hypervisor can be told: letters, digits and hyphens. Default: the name. */
  readonly hostname?: string;
  /** The number in the name. */
  readonly slot: number;
  /** A folder of this machine's own, mode 0700, for sockets and logs. Its path is short: sockets allow 104 bytes. */
  readonly folder: string;
  readonly memoryMb: number;
  readonly cpus: number;
  readonly disks: readonly Disk[];
  readonly cdrom?: string;
  readonly floppy?: string;
  /** A CD of files beside it, in a drive of its own. */
  readonly cdOfFiles?: string;
  readonly seed?: Seed;
  readonly nics: readonly Nic[];
  readonly boot: Omit<Boot, 'append'> & { readonly append?: (known: StaticAddresses) => string };
  /** Undefined: a BIOS. UEFI keeps its variables in a file, which is made where it is not there. */
  readonly firmware?: { readonly by: 'uefi'; readonly variables: string };
  readonly model: MachineModel;
  /** Undefined: the machine has neither display nor keyboard. */
  readonly display?: 'vga';
  /** The guest's port that `addresses.ssh` leads to. Default: 22. */
  readonly sshPort?: number;
  /** When the guest resets itself: `end` ends the machine, `again` lets it boot once more. */
  readonly onReboot: 'end' | 'again';
  /**
   * A machine that was kept while it ran, and goes on from there in place of a boot: `run` lets it. Its disks are as they
   * were then, or overlays over them, UEFI has the variables kept beside, and all else has the same `shapeKey`. Only where
   * the hypervisor has that.
   */
  readonly from?: {
    /** What `Machine.keep` wrote. */
    readonly memory: string;
    /** Its `KeptMachine.network`: the guest has the addresses of that. Any number of machines may have the same at a time. */
    readonly network: number;
  };
};

/** A machine but for what is its own: what its guest sees of it. Of its files it counts only whether they are there. */
export type MachineLook = Omit<MachineSpec, 'name' | 'hostname' | 'slot' | 'folder' | 'onReboot' | 'from'>;

/** The files in the folder of a kept machine. */
export const keptFiles = { memory: 'memory.zst', variables: 'efivars.fd' } as const;

/** Where a running machine is kept. */
export type KeepInto = {
  /** A folder that is there. `keptFiles` are made in it, mode 0600: the second where the machine has UEFI. */
  readonly folder: string;
  /** The disk with which the machine goes on, for each that it has: a file that is made, on the file system of the machine's folder. */
  readonly overlays: readonly string[];
  /**
   * Where each disk's file is to be for ever: it gets this name too, on its own file system, and a link beside it to what
   * lies beneath. Default: it stays where it is, and may never be moved.
   */
  readonly rests?: readonly string[];
};

/** A machine as it was kept while it ran; `Hypervisor.finishKept` is due. */
export type KeptMachine = {
  /** Those of the running machine from now on: overlays, each over the file that is at rest. What was its disk until then may lose its old name where it got another. */
  readonly disks: readonly Disk[];
  /** The number in the guest's addresses, for `MachineSpec.from`. */
  readonly network: number;
  /** How long the guest stood still. */
  readonly stoodStillMs: number;
};

/**
 * Why a machine has gone. `loop`: its guest reset itself too often for its hypervisor; `stopped` is our own doing; `killed` is another's (an operator, the host); `full` means
 * that the host had no room for what the guest wrote; `flood` that the guest made the hypervisor tell too much;
 * `cut` that the guest was asked to shut down and lost its power without having done so.
 */
export type Ending = {
  readonly how: 'halt' | 'reboot' | 'loop' | 'panic' | 'crash' | 'full' | 'flood' | 'killed' | 'cut' | 'stopped';
  /** For people: the event, the exit code or signal, the last words of the hypervisor. */
  readonly detail: string;
};

export type Addresses = {
  /** As the guest sees them. */
  readonly guestIp: string;
  readonly hostIp: string;
  readonly mac: string;
  /** Where the guest finds its endpoint; `url` has no slash at its end. */
  readonly http: { readonly ip: string; readonly port: number; readonly url: string };
  /** Where its endpoint is to listen; undefined when the machine has no network. */
  readonly listen?: ListenAt;
  /** Where the daemon finds the guest's ssh server; port 0 when the machine has no network. */
  readonly ssh: { readonly host: string; readonly port: number };
};

/** What is known of them before the machine is made: its kernel's command line may hold them. */
export type StaticAddresses = Pick<Addresses, 'guestIp' | 'hostIp' | 'mac' | 'http'>;
/** What a VGA shows: text, row after row in one piece, or pixels. */
export type Shown =
  | { readonly mode: 'text'; readonly columns: number; readonly cells: string }
  | { readonly mode: 'graphic' };

/** The VGA and the keyboard of a machine. Both throw `hypervisor_unavailable` when the machine has gone. */
export type Display = {
  /** Moves keys of the keyboard, in this order and at once. A guest that reads none keeps about ten of them. */
  readonly press: (motions: readonly KeyMotion[], signal: AbortSignal) => Promise<void>;
  /** What is shown now; blank before the machine runs. */
  readonly look: () => Promise<Shown>;
};

/** The serial line as bytes. One reader; nothing is lost when it does not read: the line holds its breath, or what came is kept. */
export type SerialLine = {
  /** Ends when the line closes. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Resolves when the line has taken the bytes. Throws `console_closed`. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
};

/** What started a machine, and what is known of it there. */
export type MachineAbout = Omit<EventData['machine.started'], 'name' | 'guestIp' | 'hostIp'>;

/** A running virtual machine. Disposing it cuts its power if need be and waits until it is gone, sockets and all. */
export type Machine = AsyncDisposable & {
  readonly name: string;
  /** What DHCP calls the guest. */
  readonly hostname: string;
  readonly line: SerialLine;
  readonly addresses: Addresses;
  /** Facts for the build's log: program, version, accelerator, command line. */
  readonly about: MachineAbout;
  /** Lets the processor run. Until then the machine stands still, so that its first words are not missed. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Settles once, when the machine has gone. Never rejects. */
  readonly ended: Promise<Ending>;
  /** Calls back each time the guest resets itself and the machine boots again (`onReboot: 'again'`). */
  readonly onRebooted: (seen: () => void) => void;
  /** Calls back each time the serial line was let go and is held again: what came in between may be lost. */
  readonly onLineGap: (seen: () => void) => void;
  /** `ask` presses the power button and returns; `cut` pulls the plug and returns when the machine is gone. */
  readonly stop: (how: 'ask' | 'cut', signal: AbortSignal) => Promise<void>;
  /** Undefined where the machine has none. */
  readonly display?: Display;
  /**
   * Keeps the machine, which stands still meanwhile and then goes on. One call at a time. Where that fails, nothing of it is
   * left and the machine goes on as if it had not been asked. Throws `storage_full`, `hypervisor_failed` with the reason,
   * `hypervisor_unavailable` when the machine has gone, the signal's reason. Undefined where the hypervisor cannot.
   */
  readonly keep?: (into: KeepInto, signal: AbortSignal) => Promise<KeptMachine>;
  /** How to detach from the serial line, for an operator; undefined where only imaged can be attached. */
  readonly detachable?: Detachable;
};

/** A serial line from which imaged can detach, so that an operator attaches to it by the host's own means. */
export type Detachable = {
  /** What the operator types on the host. */
  readonly command: readonly string[];
  /** Detaches: what the guest says until imaged attaches again is heard by the operator alone. */
  readonly detach: () => Promise<void>;
  /** Attaches again. Throws `console_lent` while the operator is still attached. */
  readonly attach: (signal: AbortSignal) => Promise<void>;
};

export type HypervisorFacts = {
  readonly name: HypervisorName;
  readonly version: string;
  readonly accelerators: readonly string[];
  readonly formats: readonly DiskFormat[];
  readonly limits: { readonly memoryMb: number; readonly disks: number; readonly nics: number };
  readonly notes: readonly string[];
};

/** Starts machines. `qemu/qemu.ts` serves any host with QEMU; `vmd/vmd.ts` is at home on OpenBSD. */
export type Hypervisor = {
  /**
   * What DHCP tells a machine in a network of its own: whether it names a router and a name server, and, where it boots
   * from the network, itself.
   */
  readonly lease: { readonly router: boolean; readonly dns: boolean; readonly hostname: boolean };
  /** Files of the host that machines begin with beside their own: absolute paths, which may not be there. Default: none. */
  readonly firmware?: readonly string[];
  /** The displays that a machine may have. */
  readonly displays: readonly NonNullable<MachineSpec['display']>[];
  /** Its version, quickly: whether machines can be started at all. Throws `program_missing` or `hypervisor_unavailable`. */
  readonly version: (signal: AbortSignal) => Promise<string>;
  /** What this host can do. Throws `program_missing` or `hypervisor_unavailable`. */
  readonly facts: (signal: AbortSignal) => Promise<HypervisorFacts>;
  /** What of the shape this hypervisor cannot do, each with a pointer into the template; empty when all is well. */
  readonly refuse: (shape: MachineShape, signal: AbortSignal) => Promise<readonly FieldError[]>;
  /**
   * What a machine must have in common with one that was kept to go on from its memory, as a text: of equal texts one goes
   * on from the other. What is in its files (disks, media, kernel) is not part of it. Undefined where the hypervisor keeps no running
   * machine.
   */
  readonly shapeKey?: (look: MachineLook, signal: AbortSignal) => Promise<string>;
  /**
   * Completes what `Machine.keep` put into its folder, while the machine goes on; also where an earlier run of the daemon did not come to
   * its end. The caller flushes the files. Throws `storage_full`, the signal's reason; then it can be called again.
   */
  readonly finishKept?: (folder: string, signal: AbortSignal) => Promise<void>;
  /**
   * What disks of builds may lie over: `most` images upon each other, the lowest included, beyond
   * which they are to be flattened, and without being copied over those of the formats in `over`.
   */
  readonly chains: { readonly most: number; readonly over: readonly DiskFormat[] };
  /** Makes a disk image, mode 0600; never overwrites. Throws `disk_failed`, `storage_full`. */
  readonly createDisk: (disk: DiskSpec, signal: AbortSignal) => Promise<void>;
  /**
   * Copies an image into another format: flat (no backing file), sparse, compact. `onPercent` is told how far it is where
   * the program says so: qemu-img does, vmctl does not. Throws as `createDisk` does.
   */
  readonly convertDisk: (
    from: Disk,
    to: DiskFile,
    signal: AbortSignal,
    onPercent?: (percent: number) => void,
  ) => Promise<void>;
  /**
   * Starts a machine that stands still until `run`. Throws `hypervisor_failed`, also where the machine in `from` cannot be
   * had, and `program_missing`.
   */
  readonly start: (spec: MachineSpec, signal: AbortSignal) => Promise<Machine>;
  /**
   * Goes on with the machine that an earlier run of the daemon started from this spec and left running, or which has ended
   * since. Throws `hypervisor_failed` where nothing is left of it.
   */
  readonly takeUp: (spec: MachineSpec, signal: AbortSignal) => Promise<Machine>;
  /**
   * The slots' names of machines of ours that run now although the folder they were started in may have gone; empty where only
   * the folder tells. Throws `hypervisor_unavailable`.
   */
  readonly strays: (signal: AbortSignal) => Promise<readonly string[]>;
  /** Stops the machine that an earlier run of the daemon left in this folder under this name; true when there was one. */
  readonly reap: (name: string, folder: string, signal: AbortSignal) => Promise<boolean>;
  /** Ends what an earlier run of the daemon left at work on disks below this folder; gives the number of programs. */
  readonly reapWork: (folder: string, signal: AbortSignal) => Promise<number>;
};
