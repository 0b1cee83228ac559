/** What the kernel says about processes and connections (proc(5)). */

import { readFile } from 'node:fs/promises';
import { systemClock as clock } from '../../src/base/clock.ts';
import { quantile } from './numbers.ts';

/** MiB of memory that the process has in use. */
export const residentMb = async (pid: number): Promise<number> => {
  const kb = /^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kb === undefined) throw new Error(`process ${pid} has no memory: it has ended`);
  return Number(kb) / 1024;
};

/** Looks every `everyMs` while the work is done, and once at its end; gives what it saw at most. */
export const mostWhile = async <T>(
  look: () => Promise<number>,
  everyMs: number,
  work: () => Promise<T>,
): Promise<{ readonly most: number; readonly value: T }> => {
  const seen: Promise<number>[] = [look()];
  const value = await (async () => {
    using looking = clock.every(everyMs, () => seen.push(look()));
    void looking;
    return work();
  })();
  seen.push(look());
  return { most: quantile(await Promise.all(seen), 1), value };
};

export type Connection = { readonly state: 'established' | 'listening' | 'other'; readonly unread: number };

/** The TCP sockets of 127.0.0.1 at this port; `unread` is what their owner has not read yet, or not accepted. */
export const socketsAt = async (port: number): Promise<readonly Connection[]> => {
  const here = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const states: Readonly<Record<string, Connection['state']>> = { '01': 'established', '0A': 'listening' };
  return (await readFile('/proc/net/tcp', 'utf8'))
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local]) => local?.endsWith(here))
    .map(([, , , state = '', queues = '']) => ({
      state: states[state] ?? 'other',
      unread: Number.parseInt(queues.split(':')[1] ?? '0', 16),
    }));
};

/** Resolves when `holds` does. */
export const until = async (holds: () => Promise<boolean>, signal: AbortSignal): Promise<void> => {
  while (!(await holds())) await clock.sleep(10, signal);
};
