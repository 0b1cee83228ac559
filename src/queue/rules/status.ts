/**
 * The life of a build:
 *
 *            ┌──────────────── requeue ────────────────┐
 *            ▼                                         │ ───── hold ─────▶
 *   add ▶ queued ────────────── claim ─────────────▶ running             held
 *            │                                         │ ◀──── resume ─── │
 *          cancel                                     end                end
 *            ▼                                         ▼                  ▼
 *        cancelled                      succeeded, failed, cancelled    failed, cancelled
 *
 * A held build has failed and only keeps its machine, unless a client resumes it: then it runs again, and its fault is
 * forgotten. What has ended never changes; it is only ever removed.
 */

import type { Status } from '../../base/records/status.ts';

/** What each status may become. */
const transitions = {
  queued: ['running', 'cancelled'],
  running: ['queued', 'held', 'succeeded', 'failed', 'cancelled'],
  held: ['running', 'failed', 'cancelled'],
  succeeded: [],
  failed: [],
  cancelled: [],
} as const satisfies Record<Status, readonly Status[]>;

export const mayBecome = (from: Status, to: Status): boolean => {
  const next: readonly Status[] = transitions[from];
  return next.includes(to);
};

/** Throws where a build must not become what is about to be written: a defect of imaged. */
export const checkMove = ({ id, status }: { readonly id: string; readonly status: Status }, to: Status): void => {
  if (!mayBecome(status, to)) throw new Error(`Build ${id} is ${status}, and must not become ${to}.`);
};
