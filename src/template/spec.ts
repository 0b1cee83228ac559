import type { Note } from '../base/notes.ts';
import type { BaseImage, Boot, DiskFormat, Nic, QemuModel } from '../base/hardware.ts';

/** What is only known when the machine is there. A text may use these where it is rendered late. */
export const lateNames = [
  'http_url',
  'http_ip',
  'http_port',
  'http_addr',
  'host_ip',
  'guest_ip',
  'mac',
  'vm_name',
  'ssh_public_key',
] as const;

export type LateName = (typeof lateNames)[number];

export type LateFacts = Readonly<Record<LateName, string>>;

/** A text with holes: everything else has been filled in, so no value is ever read as a template again. */
export type Text = readonly (string | { readonly late: LateName; readonly apply: readonly string[] })[];

/** A file that a template may read: a file of its own context, or one that the configuration lists as media. */
export type FileRef = {
  /** Absolute, and proven to be inside the context or the medium. */
  readonly path: string;
  /** As the template wrote it: what is shown to clients. */
  readonly shown: string;
};

/** One line of a conversation as the template has it; see `Turn` in vmm/console-types.ts. */
export type TurnText = {
  readonly hear?: string;
  readonly on?: 'screen';
  readonly withinMs: number;
  readonly optional: boolean;
  readonly say?: Text;
  readonly echo: boolean;
  readonly secret: boolean;
  /** Packer's boot_command grammar; its tokens were checked, its texts are rendered late. */
  readonly press?: Text;
  readonly keyIntervalMs: number;
  readonly refuse: readonly string[];
};

/** What the endpoint serves under one path (no slash in front). */
export type HttpEntry = { readonly path: string } & (
  | { readonly kind: 'text'; readonly text: Text; readonly type?: string }
  /** A file as it is. */
  | { readonly kind: 'file'; readonly file: FileRef }
  /** Every file below a folder, under `path/`. */
  | { readonly kind: 'folder'; readonly folder: FileRef }
  /** A site set of OpenBSD's installer, made before the machine starts. */
  | { readonly kind: 'site'; readonly site: SiteSet }
);

/** What goes into a site set (install.site(5)). */
export type SiteSet = {
  /** Its files at their paths below the root of the new system. */
  readonly folder?: FileRef;
  /** The script that the installer runs in the new system before it reboots: `/install.site`, or `/upgrade.site`. */
  readonly script?: FileRef;
  /** Text for the end of /etc/rc.firsttime, which the first boot runs. */
  readonly firstTime?: FileRef;
  readonly scriptName: 'install.site' | 'upgrade.site';
};

export type ShellProvisioner = {
  readonly type: 'shell';
  readonly name: string;
  /** One script each, run in this order: the inline lines joined under `sh -e`, or files of the context. */
  readonly scripts: readonly ({ readonly inline: Text } | { readonly file: FileRef })[];
  readonly env: Readonly<Record<string, Text>>;
  readonly validExitCodes: readonly number[];
  /** The guest may drop the connection to reboot; the build then waits until it is back. */
  readonly expectDisconnect: boolean;
  /** With `{{ path }}` and `{{ vars }}`: how a script is started. Undefined: `chmod +x` and run. */
  readonly executeCommand?: string;
  readonly remoteFolder: string;
  readonly timeoutMs: number;
  readonly maxRetries: number;
  readonly pauseBeforeMs: number;
};

/** A conversation on the console as a provisioner: for guests without a network. */
export type ConsoleProvisioner = {
  readonly type: 'console';
  readonly name: string;
  readonly turns: readonly TurnText[];
  readonly timeoutMs: number;
};

export type ProvisionerSpec = ShellProvisioner | ConsoleProvisioner;

export type DiskPlan = {
  readonly format: DiskFormat;
  /** MiB; undefined with a base means the base's own size. */
  readonly sizeMb?: number;
  /** `virtualMb` is the size the guest sees, rounded up to MiB. */
  readonly base?: FileRef & BaseImage & { readonly virtualMb: number };
};

/** A template with its variables filled in and all its defaults made plain: everything a plan is made from. */
export type Spec = {
  readonly name: string;
  readonly memoryMb: number;
  readonly disks: readonly DiskPlan[];
  readonly nics: readonly Nic[];
  readonly cdrom?: FileRef;
  readonly floppy?: FileRef;
  readonly boot: Omit<Boot, 'kernel' | 'initrd'> & { readonly kernel?: FileRef; readonly initrd?: FileRef };
  readonly qemu: QemuModel;
  readonly http: readonly HttpEntry[];
  /** Undefined: the disks hold a system already, and the first boot is from disk. */
  readonly install?: {
    readonly turns: readonly TurnText[];
    /** How the installer's machine comes to its end; `any`: by halt or reboot; `never` goes on with the same machine. */
    readonly ends: 'any' | 'halt' | 'reboot' | 'never';
    /** For the conversation and the end together. */
    readonly timeoutMs: number;
    /** What the installer prints when it has failed: heard until its machine has gone. */
    readonly refuse: readonly string[];
    /** The first boot is heard on the console until it asks for a login, before anybody logs in. */
    readonly hearsFirstBoot?: true;
  };
  /** Undefined: nobody logs in. */
  readonly communicator?: {
    readonly type: 'ssh';
    readonly username: string;
    readonly port: number;
    readonly timeoutMs: number;
  };
  readonly provisioners: readonly ProvisionerSpec[];
  readonly shutdown: { readonly command?: Text; readonly timeoutMs: number };
  readonly artifacts: readonly { readonly name: string; readonly format: DiskFormat; readonly disk: number }[];
  /** Values that logs and events never show. */
  readonly secrets: readonly string[];
  /** For the whole build. */
  readonly timeoutMs: number;
  /** What is no error and may not be what was meant, without secrets; pointers into what the client sent. */
  readonly notes: readonly Note[];
};
