import type { Clock } from '../base/clock.ts';
import { Fault } from '../base/fault.ts';
import { retry } from '../base/waiting.ts';
import { answerOf } from './answer.ts';
import { wasKilled } from './reboot.ts';
import type { Guest, OnLines } from './types.ts';

// Linux has a new id for each boot (random(4)); OpenBSD and its kin have the time of it (sysctl(2), KERN_BOOTTIME).
const asksBoot = 'cat /proc/sys/kernel/random/boot_id 2>/dev/null || sysctl -n kern.boottime';

const bootOf = (guest: Guest, signal: AbortSignal) => answerOf(guest, asksBoot, signal);

export type RebootWork = {
  readonly command: string;
  readonly timeoutMs: number;
  /** Has to end with 0 in the new boot; undefined: the login is enough. */
  readonly check: string | undefined;
};

type Tools = { readonly clock: Clock; readonly onLines: OnLines };

const soon = { attempts: Infinity, firstMs: 500, growth: 1.3, mostMs: 3000 };

const notYet = new Error('The guest is not back yet.');

// A guest that goes down takes its connections along, and refuses others until it is back.
const mayPass = (error: unknown) =>
  error === notYet || (error instanceof Fault && (error.code === 'ssh_broken' || error.code === 'ssh_unreachable'));

/**
 * Reboots the guest and waits until another boot of it lets the build in. Throws `provisioner_failed` when the command
 * fails, `step_timeout` when no other boot came in time.
 */
export const reboot = async (
  guest: Guest,
  { command, timeoutMs, check }: RebootWork,
  { clock, onLines }: Tools,
  signal: AbortSignal,
): Promise<void> => {
  const before = await bootOf(guest, signal);
  if (before === '')
    throw new Fault(
      'provisioner_failed',
      'The guest has neither a boot id nor a boot time, so a reboot would not be seen.',
      {
        expected: 'what /proc/sys/kernel/random/boot_id or sysctl kern.boottime says',
        saw: 'nothing',
      },
    );
  let last = 'the guest is still in the boot that was to end';
  const tooLate = () =>
    new Fault('step_timeout', `The guest was not back from its reboot within ${timeoutMs / 1000} s: ${last}.`, {
      expected: `another boot within ${timeoutMs / 1000} s`,
      saw: last,
    });
  using limit = clock.deadline(timeoutMs, signal, tooLate);
  try {
    const { exitCode } = await guest.run(command, { onLines }, limit.signal);
    // A guest that goes down may take the command with it.
    if (exitCode !== 0 && !wasKilled(exitCode))
      throw new Fault(
        'provisioner_failed',
        `${JSON.stringify(command)} ended with exit code ${exitCode}, so the guest does not reboot.`,
        { exitCode },
      );
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'ssh_broken') throw error;
  }
  const look = async () => {
    await guest.reconnect(limit.signal);
    // Nothing is no other boot: something else may have been said on the line of a console.
    if (['', before].includes(await bootOf(guest, limit.signal))) throw notYet;
    if (check === undefined) return;
    last = `it is back, and ${JSON.stringify(check)} does not end with 0`;
    if ((await guest.run(check, { onLines }, limit.signal)).exitCode !== 0) throw notYet;
  };
  await retry(look, soon, mayPass, clock, limit.signal);
};
