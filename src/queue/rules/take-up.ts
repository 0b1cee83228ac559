import type { Build } from '../records.ts';

/** What an earlier daemon's end says of a build that ran then; `verdict` of rules/crash.ts, where the build may have caused it. */
type End = { readonly isSuspect: boolean; readonly verdict: 'clear' | 'suspect' | 'failed' | undefined };

/**
 * Whether a daemon that was started meanwhile may go on with a build. One that may have ended the daemon before is run anew,
 * and alone: to go on with it could end this daemon at the same place, again and again.
 */
export const mayBeTakenUp = (
  { status, cancelRequested }: Pick<Build, 'status' | 'cancelRequested'>,
  { isSuspect, verdict = 'clear' }: End,
): boolean => status === 'running' && !cancelRequested && !isSuspect && verdict === 'clear';
