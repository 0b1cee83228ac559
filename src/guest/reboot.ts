import { Fault } from '../base/fault.ts';
import { withoutEnd } from '../base/pattern/without-end.ts';
import { killedBy } from './ssh/killed-by.ts';
import type { Guest, OnLines } from './types.ts';

// A command that said `reboot` may end well before the guest goes down: so long the connection is watched after it. What
// watches is killed too while the guest goes down, and then watches on.
const goingDownSeconds = 5;
const mostWatches = 12;

/** Ended by a signal, as a guest that goes down ends what runs in it. */
export const wasKilled = (exitCode: number): boolean =>
  ['SIGHUP', 'SIGTERM', 'SIGKILL'].includes(killedBy(exitCode) ?? '');

const quietly = () => undefined;

export const isBroken = (error: unknown): error is Fault => error instanceof Fault && error.code === 'ssh_broken';

/** Whether the guest goes down within a few seconds. */
const goesDown = async (guest: Guest, signal: AbortSignal): Promise<boolean> => {
  try {
    for (let watch = 0; watch < mostWatches; watch++) {
      const { exitCode } = await guest.run(`sleep ${goingDownSeconds}`, { onLines: quietly }, signal);
      if (!wasKilled(exitCode)) return false;
    }
    return false;
  } catch (error) {
    if (isBroken(error)) return true;
    throw error;
  }
};

/** The result; where the connection broke, its fault says what to do if the guest was meant to reboot. */
export const advised = async <T>(running: Promise<T>, name: string): Promise<T> => {
  try {
    return await running;
  } catch (error) {
    if (!isBroken(error)) throw error;
    throw new Fault(
      'ssh_broken',
      `${withoutEnd(error.message, '.')}. If ${name} reboots the guest on purpose, set expect_disconnect.`,
      { ...error.facts, script: name },
      { cause: error },
    );
  }
};

/**
 * Runs what may be run twice, and once more over another connection where the first breaks: behind the end of a command the guest
 * may be going down, or its network hiccups. Throws `ssh_broken` where the guest does not come back within the communicator's timeout.
 */
export const onceMoreWhenBack = async <T>(
  guest: Pick<Guest, 'reconnect'>,
  run: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> => {
  try {
    return await run();
  } catch (error) {
    if (!isBroken(error)) throw error;
    await guest.reconnect(signal).catch(() => {
      signal.throwIfAborted();
      throw error;
    });
    return run();
  }
};

type Asked = {
  /** How messages call the command. */
  readonly name: string;
  readonly onLines: OnLines;
  readonly validExitCodes: readonly number[];
  readonly expectDisconnect: boolean;
};

/**
 * Runs a command that may reboot the guest, and gives its exit code, or `lost` where the guest went down before that. With
 * `expectDisconnect` the guest is logged in to again when this resolves. Throws `ssh_broken` where the template does not expect it.
 */
export const runThroughReboot = async (
  guest: Guest,
  command: string,
  { name, onLines, validExitCodes, expectDisconnect }: Asked,
  signal: AbortSignal,
): Promise<number | 'lost'> => {
  const run = async (): Promise<number | 'lost'> => {
    try {
      return (await advised(guest.run(command, { onLines }, signal), name)).exitCode;
    } catch (error) {
      if (expectDisconnect && isBroken(error)) return 'lost';
      throw error;
    }
  };
  const exitCode = await run();
  const isGone =
    exitCode === 'lost' ||
    // One that was killed may have been so by the reboot that it asked for.
    (expectDisconnect && (validExitCodes.includes(exitCode) || wasKilled(exitCode)) && (await goesDown(guest, signal)));
  if (isGone) await guest.reconnect(signal);
  return isGone && exitCode !== 'lost' && wasKilled(exitCode) ? 'lost' : exitCode;
};
