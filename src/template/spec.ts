import type { SealPart } from '../base/machine/seal-parts.ts';
import type { Wanted } from '../fetch/fetcher.ts';
import type { CacheMode } from '../base/records/cache-mode.ts';
import type { SecretVersion } from '../base/records/host-secret.ts';
import type { Note } from '../base/notes.ts';
import type { WebhookEvent } from '../base/records/webhook-event.ts';
import type { PostProcessorSpec } from '../post-processors/table.ts';
import type { ProvisionerSpec } from '../provisioners/table.ts';
import type { BaseImage, Boot, DiskFormat, Nic, MachineModel } from '../base/hardware.ts';

/** Names of values that are known only when the machine runs. */
export const runtimeNames = [
  'http_url',
  'http_ip',
  'http_port',
  'http_addr',
  'http_host',
  'host_ip',
  'guest_ip',
  'mac',
  'vm_name',
  'ssh_public_key',
] as const;

export type RuntimeName = (typeof runtimeNames)[number];

export type RuntimeFacts = Readonly<Record<RuntimeName, string>>;

/**
 * A text in which only runtime values are still to be filled in, each through the functions in `apply`. Everything else
 * has been filled in, so no value is ever read as a template again.
 */
export type Text = readonly (string | { readonly runtime: RuntimeName; readonly apply: readonly string[] })[];

/** A file that a template may read: a file of its own context, or one that the configuration lists as media. */
export type FileRef = {
  /** Absolute, and proven to be inside the context or the medium. */
  readonly path: string;
  /** As the template wrote it: what is shown to clients. */
  readonly shown: string;
  /** Of the configuration's media, and so trusted as the operator is. */
  readonly isOfHost?: true;
};

/** What a machine begins with. */
export type ImageRef = FileRef & {
  /** It is fetched first, unless this host has it by then; until this host has it, `path` is empty. */
  readonly wanted?: Wanted;
};

/** One line of a conversation as the template has it; see `Turn` in vmm/console-types.ts. */
export type TurnText = {
  readonly hear?: string;
  /** What presses the keys; undefined: the serial line. */
  readonly by?: 'keyboard';
  readonly on?: 'screen' | 'display';
  readonly withinMs: number;
  readonly optional: boolean;
  readonly say?: Text;
  readonly echo: boolean;
  readonly secret: boolean;
  /** Packer's boot_command grammar; its tokens were checked, its runtime values are filled in when the machine runs. */
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

export type DiskPlan = {
  readonly format: DiskFormat;
  /** MiB; undefined with a base means the base's own size. */
  readonly sizeMb?: number;
  /** `virtualMb` is the size the guest sees, rounded up to MiB. */
  readonly base?: ImageRef & BaseImage & { readonly virtualMb: number };
  /** A base that this host does not have yet: nothing is known of its size. */
  readonly laterBase?: ImageRef;
};

/** What a medium holds under one path (no slash in front); of a folder everything below it. */
export type MediumEntry = { readonly path: string } & (
  | { readonly text: string }
  | { readonly file: FileRef }
  | { readonly folder: FileRef }
);

/** A medium that the build makes of files; `mb` is the room that its image takes. */
export type MediumSpec = {
  readonly label: string;
  readonly entries: readonly MediumEntry[];
  readonly mb: number;
};

/** What cloud-init is to find, by the names that it looks for. */
export type CloudInitSeed = {
  readonly by: 'cdrom' | 'smbios';
  readonly files: readonly { readonly name: string; readonly text: Text }[];
};

/** A text of the template, or a file that is read when it is needed. */
export type TextOrFile = { readonly text: string } | { readonly file: FileRef };

/** What a login shows, beside the build's key. */
export type LoginProofs = {
  readonly privateKey?: TextOrFile;
  readonly certificate?: TextOrFile;
  readonly password?: string;
};

/** How the build logs in by ssh; see `SshSpec` in guest/types.ts. */
export type SshLogin = LoginProofs & {
  readonly type: 'ssh';
  readonly username: string;
  readonly port: number;
  readonly timeoutMs: number;
  readonly bastion?: LoginProofs & { readonly host: string; readonly port: number; readonly username: string };
  readonly handshakeAttempts?: number;
  readonly keepAliveMs?: number;
  readonly readWriteTimeoutMs?: number;
  /** 0: none. */
  readonly pauseBeforeConnectingMs: number;
  readonly pty?: true;
  /** The build's public key stays in the guest. */
  readonly keepsKey: boolean;
};

/** How the build logs in on the serial line. */
export type ConsoleLogin = {
  readonly type: 'console';
  /** They end at the prompt of a shell. */
  readonly turns: readonly TurnText[];
  readonly timeoutMs: number;
};

/** A template with its variables filled in and all its defaults made plain: everything a plan is made from. */
/** Values of secrets of the host, by name. */
export type HostSecrets = ReadonlyMap<string, { readonly value: string; readonly version: number }>;

export type Spec = {
  readonly name: string;
  readonly memoryMb: number;
  readonly cpus: number;
  readonly disks: readonly DiskPlan[];
  readonly nics: readonly Nic[];
  readonly cdrom?: ImageRef;
  readonly floppy?: ImageRef;
  readonly cdOfFiles?: MediumSpec;
  readonly floppyOfFiles?: MediumSpec;
  readonly cloudInit?: CloudInitSeed;
  readonly boot: Pick<Boot, 'device'> & {
    readonly kernel?: ImageRef;
    readonly initrd?: ImageRef;
    readonly append?: Text;
  };
  /** Undefined: a BIOS. */
  readonly firmware?: 'uefi';
  readonly model: MachineModel;
  /** Undefined: none. */
  readonly display?: 'vga';
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
    /** The first boot is heard on the console until it asks for a login, before the build logs in. */
    readonly hearsFirstBoot?: true;
  };
  /** Undefined: the build does not log in. */
  readonly communicator?: SshLogin | ConsoleLogin;
  readonly provisioners: readonly ProvisionerSpec[];
  /** Runs when one of them has failed. */
  readonly errorCleanup?: ProvisionerSpec;
  /** What is removed of the guest before it is shut down, beside the build's key. */
  readonly seal: readonly SealPart[];
  readonly shutdown: { readonly command?: Text; readonly timeoutMs: number };
  /** What is published, and what is made of it before. */
  readonly postProcessors: readonly PostProcessorSpec[];
  /** Who is told of the build. Where a variable has no value yet, a URL or a secret is empty. */
  readonly notify: readonly {
    readonly url: string;
    readonly events: readonly WebhookEvent[];
    readonly secret?: string;
  }[];
  /** The secrets of the host that it has values of; undefined: none. */
  readonly hostSecrets?: readonly SecretVersion[];
  /** Values that logs and events never show. */
  readonly secrets: readonly string[];
  /** What the template says of kept layers. */
  readonly cache: {
    readonly mode: CacheMode;
    /** How long what is kept may be used; undefined: for ever. */
    readonly maxAgeMs?: number;
    /** Whether running machines may be kept. */
    readonly memory: boolean;
  };
  /** For the whole build. */
  readonly timeoutMs: number;
  /** What is no error and may not be what was meant, without secrets; pointers into what the client sent. */
  readonly notes: readonly Note[];
};
