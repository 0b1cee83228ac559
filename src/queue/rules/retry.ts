import { faults, recordOf } from '../../base/fault.ts';
import type { Fault, FaultCode } from '../../base/fault.ts';
import type { Build, Outcome } from '../records.ts';

/** The pause before another attempt, by the number of the one that failed; the last is for all that come after. */
export const pausesMs = [2_000, 10_000, 60_000, 300_000] as const;

const [, , , mostMs] = pausesMs;

// A fifth to either side, so that builds that failed together do not come back together.
const spread = 0.2;

/** Milliseconds to wait after attempt number `attempt` has failed; `random` gives a number from 0 up to 1. */
export const pauseAfter = (attempt: number, random: () => number): number => {
  const pause = pausesMs[Math.max(0, attempt - 1)] ?? mostMs;
  return Math.round(pause * (1 - spread + 2 * spread * random()));
};

// What these end is not its build's attempt: a daemon stops, or what the build was to go on from is there no more. Each ends by
// itself, for a layer that cannot be used is thrown away.
const costsNone: readonly FaultCode[] = ['draining', 'not_taken_up', 'layer_unusable'];

// Each is looked for again before it counts: what has been mended meanwhile is an infra fault like others.
const hostsOwn: readonly FaultCode[] = ['program_missing', 'hypervisor_unavailable', 'storage_full', 'folder_unusable'];

/** Whether a fault of this kind would meet every build, until the host is mended. */
export const isHostsOwn = (code: FaultCode): boolean => hostsOwn.includes(code);

/** Whether a build that ends with this fault fails for good, whatever the host is like then. */
export const isFinal = ({ attemptsLeft }: Pick<Build, 'attemptsLeft'>, code: FaultCode): boolean => {
  if (code === 'lease_lost' || costsNone.includes(code) || isHostsOwn(code)) return false;
  const { class: whose } = faults[code];
  return whose !== 'cancelled' && (whose !== 'infra' || attemptsLeft === 0);
};

/**
 * What becomes of a build whose attempt ended with a fault. Only `infra` is tried again by itself, while attempts are
 * left; a build that a stopping daemon let go is not to blame and starts again at once, nor is one whose `host` cannot build at all.
 */
export const afterFault = (
  { attempt, attemptsLeft }: Pick<Build, 'attempt' | 'attemptsLeft'>,
  fault: Fault,
  now: number,
  random: () => number,
  host: 'can build' | 'cannot build' = 'can build',
): Outcome => {
  const record = recordOf(fault);
  if (host === 'cannot build') return { status: 'queued', losesAttempt: false, notBefore: now, fault: record };
  if (fault.code === 'draining') return { status: 'queued', losesAttempt: false, notBefore: now };
  if (costsNone.includes(fault.code)) return { status: 'queued', losesAttempt: false, notBefore: now, fault: record };
  if (record.class === 'cancelled') return { status: 'cancelled', fault: record };
  if (record.class === 'infra' && attemptsLeft > 0)
    return { status: 'queued', losesAttempt: true, notBefore: now + pauseAfter(attempt, random), fault: record };
  return { status: 'failed', fault: record };
};
