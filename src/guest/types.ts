/** A way into the running guest. Disposing it ends the connection and everything that runs over it. */
export type Guest = AsyncDisposable & {
  /**
   * Runs a command by the guest's shell and resolves with its exit code; lines come as they are printed.
   * Throws `ssh_broken` when the connection is gone before the command's end. An abort ends the wait and the command's
   * streams; what the command started in the guest is not killed.
   */
  readonly run: (
    command: string,
    options: {
      readonly onLine: (line: string, stream: 'stdout' | 'stderr') => void;
      readonly input?: string | Uint8Array | { readonly file: string };
    },
    signal: AbortSignal,
  ) => Promise<{ readonly exitCode: number }>;
  /** Waits until the guest can be logged in to again, after a reboot: at most the communicator's timeout. */
  readonly reconnect: (signal: AbortSignal) => Promise<void>;
  /** The command line a person can use while the machine lives. */
  readonly sshLine: string;
};

export type SshSpec = {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  /** Private key made for this build by `makeSshKey`. */
  readonly keyFile: string;
  /** The host key is learnt into this file at the first connection and pinned from then on. */
  readonly knownHostsFile: string;
  /** A folder with a short path, for the control socket. */
  readonly folder: string;
  /** How long to go on trying while the guest boots. */
  readonly timeoutMs: number;
};

export type SshKey = {
  readonly privateFile: string;
  /** One line, as authorized_keys has it. */ readonly publicKey: string;
};
