/** What a build does that cannot go on from the layer which it took: that is thrown away, and the build begins further back. */

import type { Clock } from '../../base/clock.ts';
import { asFault, Fault, faults, type FaultCode } from '../../base/fault.ts';
import { begunAnew } from '../take-up/missed.ts';
import type { Layering } from './layering.ts';

/** The layer from which the guest goes on. */
export type GoneOn = Pick<Layering, 'from' | 'spoil'>;

// The doing of a machine that was kept, as far as can be told: the host does these to any machine.
const ofMachine: readonly FaultCode[] = ['hypervisor_failed', 'machine_crashed', 'step_timeout'];

const isOfMachine = (code: FaultCode): boolean => faults[code].class === 'guest' || ofMachine.includes(code);

/**
 * The fault of a build that goes on from a kept machine; `what` it could not do: "log in to it". Such a layer is spoilt by what only
 * the machine may have done: a script may have taken the login away behind which it was kept, and a build that is logged in already would
 * not have noticed. Where the daemon was away meanwhile, that says nothing about the layer: the build begins anew.
 */
export const faultOfKept = ({ from, spoil }: GoneOn, error: unknown, what: string, isTakenUp: boolean): unknown => {
  const fault = asFault(error);
  if (from === undefined || !isOfMachine(fault.code)) return error;
  if (isTakenUp) return faults[fault.code].class === 'guest' ? begunAnew(fault) : error;
  spoil();
  const words = `The machine that was kept after ${from.cut.step} was not what it had been: imaged could not ${what}. ${fault.message} What was kept there is thrown away, and the build begins further back.`;
  return new Fault('layer_unusable', words, fault.facts, { cause: error });
};

/** Does something by which a kept machine shows whether it can be gone on with, within its time. Throws what `faultOfKept` gives. */
export const inKept = async <T>(
  goneOn: GoneOn,
  work: (signal: AbortSignal) => Promise<T>,
  {
    what,
    withinMs,
    isTakenUp = false,
  }: { readonly what: string; readonly withinMs: number; readonly isTakenUp?: boolean },
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<T> => {
  const seconds = `${withinMs / 1000} s`;
  using deadline = clock.deadline(withinMs, signal, () => new Fault('step_timeout', `It took longer than ${seconds}.`));
  try {
    return await work(deadline.signal);
  } catch (error) {
    if (signal.aborted) throw error;
    throw faultOfKept(goneOn, deadline.signal.aborted ? deadline.signal.reason : error, what, isTakenUp);
  }
};
