import { readdir, readFile, stat } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { setMaxListeners } from 'node:events';
import type { Clock } from '../base/clock.ts';
import { Fault } from '../base/fault.ts';
import { runProgram } from '../base/program.ts';
import { orAborted } from '../base/waiting.ts';
import type { Host } from './types.ts';

// Whatever is asked here answers within a tenth of this on a healthy host.
const mostMsOfProgram = 5_000;

/** The host that this process runs on; with a `root`, one whose files lie below that folder. */
export const makeHost = ({
  clock,
  root = '/',
  path,
  mostMs = mostMsOfProgram,
}: {
  readonly clock: Clock;
  readonly root?: string;
  /** Where programs are looked for, in place of this process's own PATH. */
  readonly path?: string;
  readonly mostMs?: number;
}): Host => {
  const at = (name: string) => join(root, name);
  return {
    platform: process.platform,
    release: release(),
    self: { uid: process.getuid?.() ?? -1, gids: [process.getgid?.() ?? -1, ...(process.getgroups?.() ?? [])] },
    read: (name) => readFile(at(name), 'utf8'),
    stat: async (name) => {
      const facts = await stat(at(name));
      const { mode, uid, gid, dev } = facts;
      return { mode: mode & 0o7777, uid, gid, device: dev, isFolder: facts.isDirectory() };
    },
    list: (name) => readdir(at(name)),
    run: async (program, args, signal) => {
      const timeout = new Fault('step_timeout', `${program} did not answer within ${mostMs / 1000} s`, { program });
      using deadline = clock.deadline(mostMs, signal, () => timeout);
      setMaxListeners(50, deadline.signal);
      const env = path === undefined ? {} : { PATH: path };
      // Not for as long as a program needs to die: one that hangs in the kernel never does.
      return await orAborted(
        runProgram(program, args, { signal: deadline.signal, accept: 'any', env }),
        deadline.signal,
      );
    },
  };
};
