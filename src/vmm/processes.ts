/** The processes of this host, by their command lines. */

import { readdir, readFile } from 'node:fs/promises';
import { unlessErrno } from '../base/errno.ts';
import { runProgram } from '../base/program.ts';

export type Process = { readonly pid: number; readonly command: string };

const isLinux = process.platform === 'linux';

/** What `read` reads in /proc; undefined when the process ended meanwhile. */
const orGone = <T>(read: Promise<T>): Promise<T | undefined> => unlessErrno(read, 'ENOENT', 'ESRCH');

/** Linux: exact, and without a program. */
export const processesOfProc = async (): Promise<readonly Process[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^[0-9]+$/.test(name));
  const commands = pids.map(async (pid) => {
    const words = await orGone(readFile(`/proc/${pid}/cmdline`, 'utf8'));
    return words === undefined ? [] : [{ pid: Number(pid), command: words.replaceAll('\0', ' ') }];
  });
  return (await Promise.all(commands)).flat();
};

/**
 * Everywhere else: ps(1), in the options that the BSDs and macOS share. Each word has an -o of its own: behind "pid=" the
 * rest of the argument is its title.
 */
export const processesOfPs = async (signal: AbortSignal): Promise<readonly Process[]> => {
  const { stdout } = await runProgram('ps', ['-axww', '-o', 'pid=', '-o', 'args='], { signal });
  return stdout.split('\n').flatMap((line) => {
    const [, pid, command] = /^\s*([0-9]+)\s+(.*)$/.exec(line) ?? [];
    return pid === undefined || command === undefined ? [] : [{ pid: Number(pid), command }];
  });
};

/** The number of the user that a process runs as; undefined when it has ended. */
const userOf = async (pid: number, signal: AbortSignal): Promise<number | undefined> => {
  if (!isLinux) {
    const { stdout } = await runProgram('ps', ['-o', 'uid=', '-p', String(pid)], { signal, accept: 'any' });
    return stdout.trim() === '' ? undefined : Number(stdout);
  }
  // Not the owner of the folder: of a process that must not be looked into that is root.
  const status = await orGone(readFile(`/proc/${pid}/status`, 'utf8'));
  const [, uid] = /^Uid:\s+(\d+)/m.exec(status ?? '') ?? [];
  return uid === undefined ? undefined : Number(uid);
};

/**
 * The numbers of those whose command line has all texts of one of these lists in it; arguments are parted by one blank. Anybody on
 * this host may give a process any command line: unless `uid` is root, whose machines run as other users, it is one of `uid`.
 */
export const processesWithAny = async (
  alternatives: readonly (readonly string[])[],
  signal: AbortSignal,
  uid = process.getuid?.() ?? 0,
): Promise<readonly number[]> => {
  const processes = isLinux ? await processesOfProc() : await processesOfPs(signal);
  const found: number[] = [];
  for (const { pid, command } of processes) {
    if (!alternatives.some((texts) => texts.every((text) => command.includes(text)))) continue;
    if (uid === 0 || (await userOf(pid, signal)) === uid) found.push(pid);
  }
  return found;
};

export const processesWith = (texts: readonly string[], signal: AbortSignal): Promise<readonly number[]> =>
  processesWithAny([texts], signal);

/**
 * Whether a process that was ended holds nothing any more. A zombie whose parent does not look is gone too, but only
 * when it is the last of its threads: the others may still hold the files.
 */
export const hasGone = async (pid: number, signal: AbortSignal): Promise<boolean> => {
  if (!isLinux) {
    const { stdout } = await runProgram('ps', ['-o', 'stat=', '-p', String(pid)], { signal, accept: 'any' });
    return stdout.trim() === '' || stdout.trim().startsWith('Z');
  }
  const stat = await orGone(readFile(`/proc/${pid}/stat`, 'utf8'));
  const threads = await orGone(readdir(`/proc/${pid}/task`));
  if (stat === undefined || threads === undefined) return true;
  // "pid (name) state ...": the name may have blanks and brackets of its own.
  const state = stat.slice(stat.lastIndexOf(')') + 2)[0];
  return state === 'X' || (state === 'Z' && threads.length <= 1);
};
