import type { Activity } from '../base/activity/activity.ts';
import { inSeconds, lastLineShown } from '../base/activity/words.ts';
import type { Clock } from '../base/clock.ts';
import { Fault } from '../base/fault.ts';
import { keepLastLines } from './last-lines.ts';
import { runThroughReboot } from './reboot.ts';
import type { Guest, OnLines } from './types.ts';

const stillRuns = (name: string, ms: number, lines: readonly string[]): string => {
  const last = lastLineShown(lines.join('\n'));
  const said = last === undefined ? 'it had printed nothing' : `its last line was ${last}`;
  return `${name} ran for ${inSeconds(ms)}; ${said}`;
};

const linesInMessage = 3;

/** The fault of a command that ended with a code that is not allowed: with its last lines. */
export const failedWith = (
  name: string,
  exitCode: number,
  allowed: readonly number[],
  lines: readonly string[],
): Fault => {
  const said = lines.filter((line) => line.trim() !== '').slice(-linesInMessage);
  const end = `ended with exit code ${exitCode}, and only ${allowed.join(', ')} is allowed.`;
  const words = said.length === 0 ? end : `said last: ${said.join(' | ')}\nIt ${end}`;
  return new Fault('provisioner_failed', `${name} ${words}`, {
    script: name,
    output: lines.join('\n'),
    exitCode,
    expected: `exit code ${allowed.join(' or ')}`,
    saw: `exit code ${exitCode}`,
  });
};

/** A command for the guest's sh(1), and how it may end. */
export type NamedCommand = {
  /** How messages call it. */
  readonly name: string;
  readonly command: string;
  readonly validExitCodes: readonly number[];
  /** A lost connection is a reboot, and the guest is waited for. */
  readonly expectDisconnect: boolean;
};

type Tools = {
  readonly clock: Pick<Clock, 'elapsed'>;
  readonly activity: Activity;
  readonly onLines: OnLines;
};

/**
 * Runs a command of a template. What it gives throws `provisioner_failed` when checked, with exit code and last lines, where
 * the command ended otherwise than it may. Throws `ssh_broken` when the connection is lost where that was not expected.
 */
export const runNamed = async (
  named: NamedCommand,
  guest: Guest,
  { clock, onLines, activity }: Tools,
  signal: AbortSignal,
): Promise<{ readonly check: () => void }> => {
  const { name, command, validExitCodes } = named;
  const last = keepLastLines();
  const keep: OnLines = (lines, stream) => {
    last.take(lines);
    return onLines(lines, stream);
  };
  const began = clock.elapsed();
  const exitCode = await activity.during(
    () => stillRuns(name, clock.elapsed() - began, last.lines()),
    () => runThroughReboot(guest, command, { ...named, onLines: keep }, signal),
  );
  return {
    check: () => {
      if (exitCode !== 'lost' && !validExitCodes.includes(exitCode))
        throw failedWith(name, exitCode, validExitCodes, last.lines());
    },
  };
};
