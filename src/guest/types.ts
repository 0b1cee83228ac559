import type { Input } from '../base/program.ts';

/** Takes what a command printed. More is read when what it gives has resolved. */
export type OnLines = (lines: readonly string[], stream: 'stdout' | 'stderr') => Promise<void> | void;

export type UploadFile = {
  /** How messages call it. */
  readonly name: string;
  readonly input: Input;
  /** Octal digits, such as "0644". */
  readonly mode: string;
  /**
   * A file that is there already: an error (for a folder that anybody may write to), replaced, or replaced by one that has
   * its mode. In the last two it keeps its owner where the login may give files away.
   */
  readonly existing: 'refuse' | 'replace' | 'keep-mode';
};

/** A way into the running guest. Disposing it ends the connection and everything that runs over it. */
export type Guest = AsyncDisposable & {
  /**
   * Runs a command by the guest's sh(1) and resolves with its exit code; lines come as they are printed, many at once
   * where they come fast, and the guest waits until `onLines` has taken them. Neither the command nor the input stands on
   * any command line, on this host or in the guest.
   * Throws `ssh_broken` when the connection is gone before the command's end. An abort ends the wait and the command's
   * streams; what the command started in the guest is not killed.
   */
  readonly run: (
    command: string,
    options: {
      readonly onLines: OnLines;
      /** Takes the bytes of stdout as they are, in place of its lines. */
      readonly onBytes?: (bytes: Uint8Array) => Promise<void> | void;
      readonly input?: Input;
    },
    signal: AbortSignal,
  ) => Promise<{ readonly exitCode: number }>;
  /**
   * The same for a script of imaged's own, which sh(1) reads as a whole before it runs any of it: it takes fewer programs of the
   * guest. It never ends with 255. `answer` is what it reads from its input when that is known.
   */
  readonly runOwn: (
    script: string | Uint8Array,
    options: {
      readonly onLines: OnLines;
      readonly onBytes?: (bytes: Uint8Array) => Promise<void> | void;
      readonly answer?: Promise<string>;
    },
    signal: AbortSignal,
  ) => Promise<{ readonly exitCode: number }>;
  /**
   * Writes a file of the guest, whole or not at all: it is written aside and renamed. What is there and no plain file, and
   * a file in a folder that the login may not write to, is written in place. By sh(1), cat(1) and cp(1) alone: a small guest
   * has neither scp nor an sftp server. Throws `provisioner_failed` with what the guest said, `ssh_broken`.
   */
  readonly upload: (file: UploadFile, place: string, signal: AbortSignal) => Promise<void>;
  /**
   * Copies a file of the guest to a file of this host, mode 0600, in place of one that is there. Throws `provisioner_failed`
   * when it cannot be read and when it has more than `mostBytes`, `ssh_broken`. On failure nothing is left at `to`.
   */
  readonly download: (
    place: string,
    to: { readonly file: string; readonly mostBytes: number },
    signal: AbortSignal,
  ) => Promise<{ readonly bytes: number }>;
  /** Whether a command may go on without the connection: it needs no terminal of its own, and `runOwn` takes answers. */
  readonly isOutlived?: true;
  /** Waits until the guest can be logged in to again, after a reboot: at most the communicator's timeout. */
  readonly reconnect: (signal: AbortSignal) => Promise<void>;
  /**
   * Where and as whom it is logged in to, and with which files: for a program of the host that does so itself. Undefined: no
   * such program can.
   */
  readonly login?: Pick<SshSpec, 'host' | 'port' | 'username' | 'keyFile' | 'knownHostsFile'>;
};

/** The same by ssh. */
export type SshGuest = Guest & {
  readonly login: NonNullable<Guest['login']>;
  /** The command line a person can use while the machine lives. */
  readonly sshLine: string;
};

/** What a login may show, each of them a text: a private key and its certificate as their files have them, a password of one line. */
export type Credentials = {
  readonly privateKey?: string;
  readonly certificate?: string;
  readonly password?: string;
};

/** A server through which the guest is reached. It may be logged in to by the same means as the guest, but for the build's key. */
export type Bastion = Credentials & { readonly host: string; readonly port: number; readonly username: string };

export type SshSpec = {
  readonly host: string;
  readonly port: number;
  /** It is up already: nothing is waited for before the first login. */
  readonly isUp?: true;
  /** The port at which the guest itself listens, where `port` is one of this host that leads to it. */
  readonly guestPort?: number;
  readonly username: string;
  /** Private key made for this build by `makeSshKey`. */
  readonly keyFile: string;
  /** The host key is learnt into this file at the first connection and pinned from then on. */
  readonly knownHostsFile: string;
  /** A folder with a short path, for the control socket. */
  readonly folder: string;
  /** How long to go on trying while the guest boots. */
  readonly timeoutMs: number;
  /** Tried beside the build's key, which goes on being tried. */
  readonly credentials?: Credentials;
  /** Undefined: the guest is reached directly. */
  readonly bastion?: Bastion;
  /** How often the guest may refuse the login. Default: 10. */
  readonly handshakeAttempts?: number;
  /** Between two questions whether the guest is still there; 0: it is not asked. Default: 3 s. */
  readonly keepAliveMs?: number;
  /** How long it may leave them without an answer. Default: a minute. */
  readonly readWriteTimeoutMs?: number;
  /** Commands without input run on a terminal of their own. */
  readonly pty?: true;
};

export type SshKey = {
  readonly privateFile: string;
  /** One line, as authorized_keys has it. */ readonly publicKey: string;
};
