import { Fault, recordOf } from '../../base/fault.ts';
import type { FaultCode } from '../../base/fault.ts';
import type { Build, Outcome } from '../records.ts';
import type { Cancel } from '../asked.ts';

/** What a build ends with that a client has cancelled, or that its run has. */
export const cancelledByClient = ({ by, reason }: Cancel = {}): Fault =>
  new Fault(
    'cancelled',
    `The build was cancelled${by === undefined ? (reason === undefined ? ' by a client' : '') : ` with the token "${by}"`}${reason === undefined ? '.' : `: ${reason}`}`,
    { ...(by === undefined ? {} : { by }), ...(reason === undefined ? {} : { reason }) },
  );

/**
 * What becomes of a claimed build whose worker, or the recovery after it, says how the attempt ended. A build does not go
 * back to the queue when its client was told that it will be cancelled. A held one has failed already, with the fault that
 * it was held for.
 */
export const settled = (
  { status, cancelRequested, cancel, fault }: Pick<Build, 'status' | 'cancelRequested' | 'cancel' | 'fault'>,
  outcome: Outcome,
): Outcome => {
  if (outcome.status === 'queued' && cancelRequested)
    return { status: 'cancelled', fault: recordOf(cancelledByClient(cancel)) };
  const goesOn = outcome.status === 'queued' || outcome.status === 'succeeded';
  return goesOn && status === 'held' && fault ? { status: 'failed', fault } : outcome;
};

// What the build's owner or the host ended, and a machine that is not there any more, are nothing to look into.
const neverHeld: readonly FaultCode[] = [
  ...(['cancelled', 'draining', 'lease_lost', 'not_taken_up'] as const),
  ...(['machine_crashed', 'machine_stopped', 'guest_floods'] as const),
];

/** Whether a build that failed with this fault is held, so that its owner can look into its machine. */
export const isHeldAfter = ({ onError }: Pick<Build, 'onError'>, code: FaultCode): boolean =>
  onError !== 'cleanup' && !neverHeld.includes(code);

/** A claim that an earlier daemon has left. `leaseUntil` is Unix milliseconds. */
export type LeftClaim = { readonly host: string | undefined; readonly leaseUntil: number };

/**
 * Whether the daemon of `host` may settle such a claim: one of its own, one from before claims had a host, and one of
 * another host only when its lease is over.
 */
export const maySettle = (claim: LeftClaim, host: string, now: number): boolean =>
  claim.host === undefined || claim.host === host || claim.leaseUntil <= now;
