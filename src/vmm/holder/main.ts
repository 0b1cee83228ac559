/**
 * Holds the serial line of one machine, so that no daemon need be there: what the guest says goes to a file, and what daemons
 * send over a socket is typed. imaged starts it for each machine; it ends with the line, or by SIGTERM.
 *
 *   main.js FOLDER cu VMCTL ARGUMENT...   runs vmctl(8), which becomes cu(1) on the machine's tty, in a terminal
 *   main.js FOLDER pipes [UID GID]        has the FIFOs of QEMU as files 20 and 21, and goes on as that user; of its log and its
 *                                         events it keeps no more than the last
 *
 * FOLDER is the machine's (held/names.ts). When vmctl has ended before it became cu, its words are printed and its exit code
 * is this program's.
 */

import { lineBounds } from '../../base/bounds.ts';
import { systemClock as clock } from '../../base/clock.ts';
import { firstHandedFd } from '../../base/process/handed-fd.ts';
import { heldFiles } from '../held/names.ts';
import { machineFiles } from '../qemu/names.ts';
import { cuSource } from './cu-source.ts';
import { hold } from './hold.ts';
import { keepWithin } from './keep-within.ts';
import { pipeSource } from './pipe-source.ts';
import { openSaid } from './said-file.ts';
import type { LineSource } from './source.ts';

// Of a program that a signal has ended.
const noExitCode = 254;

const becomeUser = ([uid, gid]: readonly number[]): void => {
  if (uid === undefined || gid === undefined) return;
  process.setgroups?.([]);
  process.setgid?.(gid);
  process.setuid?.(uid);
};

const [folder = '', kind, ...words] = process.argv.slice(2);

const told = new AbortController();
process.on('SIGTERM', () => told.abort(new Error('SIGTERM')));

/** Holds it to its end, and gives the exit code of this program. */
const holdToTheEnd = async (source: LineSource): Promise<number> => {
  const { said, socket } = heldFiles(folder);
  // Its files are opened by the user who may, and it goes on as the one who owns nothing.
  const onReady = () => becomeUser(kind === 'pipes' ? words.map(Number) : []);
  using file = openSaid(said, lineBounds.aheadBytes);
  await hold(source, file, socket, onReady, clock, told.signal);
  return 0;
};

const run = async (): Promise<number> => {
  if (kind === 'pipes') {
    const { log, told } = machineFiles(folder);
    using _ = keepWithin([log, told.path], lineBounds.wordsBytes, clock);
    return await holdToTheEnd(pipeSource(firstHandedFd, firstHandedFd + 1));
  }
  const source = await cuSource(words, clock, told.signal);
  if (!('said' in source)) return holdToTheEnd(source);
  await new Promise((resolve) => process.stdout.write(source.said, 'latin1', resolve));
  return source.exit.exitCode ?? noExitCode;
};

try {
  process.exit(await run());
} catch (error) {
  if (!told.signal.aborted) throw error;
  process.exit(noExitCode);
}
