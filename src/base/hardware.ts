/** The words for what a machine is made of, which every room shares. */

export type DiskFormat = 'raw' | 'qcow2';

export type Boot = {
  readonly device: 'disk' | 'cdrom' | 'net' | 'floppy';
  /** Absolute paths, whose names a client may have chosen. A kernel is loaded directly, without firmware or boot loader, as `vmctl start -b` does. */
  readonly kernel?: string;
  readonly initrd?: string;
  readonly append?: string;
};

/** `local`: the machine reaches its own endpoint and nothing else. `outgoing`: the network outside as well. */
export type Nic = {
  readonly network: 'local' | 'outgoing' | 'switch';
  /** A switch(5) of the host by its name in vm.conf(5), one of those that the configuration lists; with the network `switch`. */
  readonly switch?: string;
  /** As `macOf` gives it. Undefined: the hypervisor makes one. */
  readonly mac?: string;
  /** Bytes. Undefined: 1500, as the guest has it. */
  readonly mtu?: number;
  /** As QEMU names it; undefined: that of the machine's model. A client's text, see `machine/model-words.ts`. */
  readonly model?: string;
};

type OnOff = 'on' | 'off';

/** Virtual time by counted instructions (QEMU's manual, -icount). */
export type Icount = { readonly shift: number | 'auto'; readonly sleep?: OnOff; readonly align?: OnOff };

/** The guest's clock (QEMU's manual, -rtc). `base`: what it shows at the start, as Unix milliseconds or by the host's. */
export type Rtc = {
  readonly base?: 'utc' | 'localtime' | number;
  readonly clock?: 'host' | 'rt' | 'vm';
  readonly driftfix?: 'none' | 'slew';
};

/**
 * The hardware model: what differs between guests, in Packer's words. Undefined: the hypervisor chooses. vmd has one
 * model and knows none of these. Texts are a client's: see `machine/model-words.ts`.
 */
export type MachineModel = {
  readonly machine_type?: string;
  readonly accelerator?: 'kvm' | 'hvf' | 'tcg' | 'none';
  readonly cpu_model?: string;
  readonly disk_interface?: 'virtio' | 'ide' | 'scsi';
  readonly net_device?: string;
  readonly icount?: Icount;
  readonly rtc?: Rtc;
};

/** An image that disks begin with, and which stays as it is. */
export type BaseImage = {
  readonly path: string;
  readonly format: DiskFormat;
  /** Whether it may need further images beneath it: an image of the operator's may, one that a client sent may not. */
  readonly layers: 'one' | 'chain';
};

/** A disk to make: empty, or with what an image holds already. Sizes in MiB; `virtualMb` is what the guest sees. */
export type DiskShape = {
  readonly format: DiskFormat;
  readonly sizeMb?: number;
  readonly base?: BaseImage & { readonly virtualMb: number };
};

/** What a template asks of a machine: all that can be judged before it runs. */
export type MachineShape = {
  readonly memoryMb: number;
  readonly cpus: number;
  readonly disks: readonly DiskShape[];
  readonly nics: readonly Nic[];
  readonly boot: Boot;
  readonly firmware?: 'uefi';
  readonly hasCdrom: boolean;
  readonly cdrom?: string;
  readonly hasFloppy: boolean;
  /** Media that the build makes, from which nothing boots. */
  readonly hasCdOfFiles?: true;
  readonly hasFloppyOfFiles?: true;
  /** How cloud-init is to find its files, and whether they hold an address of the machine. Undefined: there are none. */
  readonly seed?: { readonly by: 'cdrom' | 'smbios'; readonly needs: 'addresses' | 'nothing' };
  /** Undefined: none, and no keyboard. */
  readonly display?: 'vga';
  readonly model: MachineModel;
};

/** Where an endpoint is to listen so that this machine alone reaches it. */
export type ListenAt =
  | {
      readonly path: string;
      /** The user who connects, where that is not the one who listens. */ readonly owner?: number;
    }
  | { readonly host: string; readonly port: number; /** The only address that may connect. */ readonly peer: string };
