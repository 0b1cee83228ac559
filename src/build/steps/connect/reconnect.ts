import type { Guest } from '../../../guest/types.ts';
import type { Step } from '../../plan.ts';
import { whileAlive, type Running } from '../../machine/running.ts';

// The communicator's own timeout ends with a better fault.
const mostMs = 3_600_000;

type Needs = { readonly running: Running; readonly guest: Guest };

/** The login of a build that was held: people may have rebooted its guest meanwhile. */
export const reconnect = {
  name: 'reconnect',
  phase: 'connecting',
  timeoutMs: mostMs,
  async run({ running, guest }, { clock, signal }) {
    await whileAlive(running, 'a login by ssh', guest.reconnect, { clock, signal });
    return {};
  },
} satisfies Step<Needs, object>;
