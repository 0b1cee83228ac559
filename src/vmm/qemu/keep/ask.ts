import type { Clock } from '../../../base/clock.ts';
import { Fault } from '../../../base/fault.ts';
import type { Qmp } from '../qmp.ts';

/** Asks QEMU for what it does at once. No signal ends the wait: it must be known whether it was done. */
export type Ask = (command: string, facts: Readonly<Record<string, unknown>>) => Promise<unknown>;

export const never = new AbortController().signal;

const mostMsToAnswer = 30_000;

export const asker =
  (qmp: Pick<Qmp, 'execute'>, clock: Clock): Ask =>
  async (command, facts) => {
    const slow = () =>
      new Fault('hypervisor_failed', `QEMU did not do "${command}" within ${mostMsToAnswer / 1000} s.`);
    using deadline = clock.deadline(mostMsToAnswer, never, slow);
    return await qmp.execute(command, facts, deadline.signal);
  };
