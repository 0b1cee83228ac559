import { Fault } from '../base/fault.ts';
import type { Guest, OnLines } from './types.ts';

// A command that said `reboot` may end well before the guest goes down: so long the connection is watched after it.
const goingDownSeconds = 5;

const quietly = () => undefined;

const isBroken = (error: unknown): error is Fault => error instanceof Fault && error.code === 'ssh_broken';

const isLost = (running: Promise<unknown>) =>
  running.then(
    () => false,
    (error: unknown) => {
      if (isBroken(error)) return true;
      throw error;
    },
  );

/** The result; where the connection broke, its fault says what to do if the guest was meant to reboot. */
export const advised = async <T>(running: Promise<T>, name: string): Promise<T> => {
  try {
    return await running;
  } catch (error) {
    if (!isBroken(error)) throw error;
    throw new Fault(
      'ssh_broken',
      `${error.message}. If ${name} reboots the guest on purpose, set expect_disconnect.`,
      { ...error.facts, script: name },
      { cause: error },
    );
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
 * Runs a command that may reboot the guest, and gives its exit code, or `lost` where the connection went before that. With
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
  const mayGoDown = expectDisconnect && exitCode !== 'lost' && validExitCodes.includes(exitCode);
  const watch = () => isLost(guest.run(`sleep ${goingDownSeconds}`, { onLines: quietly }, signal));
  if (exitCode === 'lost' || (mayGoDown && (await watch()))) await guest.reconnect(signal);
  return exitCode;
};
