import { asFault, type Fault } from '../../base/fault.ts';
import { needsConsoleAlone } from '../../provisioners/table.ts';
import type { Guest, SshKey } from '../../guest/types.ts';
import type { Attempt } from '../attempt/attempt.ts';
import type { Job } from '../job.ts';
import { performerOf, type PerformParts } from '../attempt/perform.ts';
import type { Running } from '../machine/running.ts';
import type { OwnPlace } from '../take-up/place.ts';
import { provisionGuest, provisionOnConsole } from '../steps/provision.ts';

/** What the steps of a build have given before a provisioner failed. */
export type CleanupFacts = {
  readonly job: Job;
  readonly running?: Running;
  readonly key?: SshKey;
  readonly guest?: Guest;
};

// A build that has failed waits no longer than this for its own cleaning.
const mostMs = 300_000;

/**
 * Runs the template's `error_cleanup_provisioner` after one of its provisioners has failed, in the guest that is still there.
 * What goes wrong with it is a line of the log: the build fails by its first fault.
 */
export const cleanUpAfter = async (
  fault: Fault,
  attempt: Attempt,
  { job, running, key, guest }: CleanupFacts,
  parts: PerformParts & { readonly place: OwnPlace },
): Promise<void> => {
  const asked = job.spec.errorCleanup;
  if (asked === undefined || running === undefined || attempt.signal.aborted || fault.code === 'lease_lost') return;
  const spec = { ...asked, timeoutMs: Math.min(asked.timeoutMs, mostMs), pauseBeforeMs: 0, maxRetries: 0 };
  const needs = { job, running, ...(key === undefined ? {} : { key }) };
  const perform = performerOf(attempt, parts, parts.place);
  try {
    if (guest !== undefined) await perform(provisionGuest(spec), { ...needs, guest });
    else if (needsConsoleAlone(spec)) await perform(provisionOnConsole(spec), needs);
  } catch (error) {
    // The step has said why.
    if (asFault(error).code === 'lease_lost') throw error;
    attempt.log('the error cleanup has failed too: the build fails by its first fault');
  }
};
