/** What `vmctl status` prints (vmctl(8), status; print_vm_info of its vmctl.c): the one way to learn which machines there are. */

/** A machine that vmd knows. Its id and its tty are vmd's of today: only the name may be kept (vmd(8)). */
export type StatusRow = {
  readonly id: number;
  /** The process of the machine, another one after each reset of its guest; undefined when it does not run. */
  readonly pid?: number;
  /** The device of its console, `/dev/ttyp8`; undefined when it has none. */
  readonly tty?: string;
  readonly owner: string;
  /** `running`, `stopping`, `paused`, `waiting`, `stopped` or `unknown`. */
  readonly state: string;
  readonly name: string;
};

// Columns overflow their width, so they are taken apart by blanks; no name has one.
const row = /^\s*(\d+)\s+(\d+|-)\s+\d+\s+\S+\s+\S+\s+(\S+)\s+(\S+)\s+([a-z]+)\s+(\S+)\s*$/;

/** The rows of the table by name, in no order; lines that are none are passed over, the header among them. */
export const rowsIn = (table: string): ReadonlyMap<string, StatusRow> =>
  new Map(
    table.split('\n').flatMap((line) => {
      const [, id, pid, tty, owner, state, name] = row.exec(line) ?? [];
      if (id === undefined || owner === undefined || state === undefined || name === undefined) return [];
      const read = {
        id: Number(id),
        ...(pid === '-' ? {} : { pid: Number(pid) }),
        ...(tty === '-' ? {} : { tty: `/dev/${tty}` }),
        owner,
        state,
        name,
      };
      return [[name, read] as const];
    }),
  );

/** What has vmctl ask for all machines. */
export const statusArgv: readonly string[] = ['status'];

/** What vmctl says of a socket behind which no vmd is, and of one that this user may not use. */
export const vmdIsAway = /connect: \S+: (No such file or directory|Connection refused)/;
export const vmdIsDenied = /connect: \S+: (Permission denied|Operation not permitted)/;

/** What came of asking vmd for its machines; `said`: the words of vmctl, empty where it had none. */
export type StatusReply =
  | { readonly is: 'answering'; readonly rows: ReadonlyMap<string, StatusRow> }
  | { readonly is: 'denied' | 'silent'; readonly said: string };

/**
 * Reads what `vmctl status` printed. A vmd that has answered has a header, even above no machine at all; the exit code says
 * only whether there are any.
 */
export const readStatus = ({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }): StatusReply => {
  if (/^ *ID +PID\b/m.test(stdout)) return { is: 'answering', rows: rowsIn(stdout) };
  return { is: vmdIsDenied.test(stderr) ? 'denied' : 'silent', said: stderr.trim() };
};

/** Whether the machine is there to be talked to or waited for. */
export const isRunning = (found: StatusRow | undefined): found is StatusRow =>
  found !== undefined && found.state !== 'stopped';
