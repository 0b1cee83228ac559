/** What clients change of a build's pin and hold: what is no change leaves no event, and of the others there are so many. */

import { bounds } from '../../base/bounds.ts';
import { Fault } from '../../base/fault.ts';
import type { Hold, Pin } from '../records.ts';

/** Throws `changes_exhausted` for a build that has had so many changes already that none may be added. */
export const mayChange = (id: string, changes: number): void => {
  if (changes < bounds.buildChanges) return;
  throw new Fault(
    'changes_exhausted',
    `Build ${id} was pinned, held for longer, resumed and retried ${changes} times in all, and ${bounds.buildChanges} are as many as it may have. ` +
      'Its pin and its hold can still be taken off; make a rebuild of it, and go on with that.',
    { changes },
  );
};

/** Whether a pin says something else than the one that is there. */
export const changesPin = (pin: Pin | undefined, { by, reason }: Omit<Pin, 'at'>): boolean =>
  pin === undefined || pin.by !== by || pin.reason !== reason;

// Two requests for so many minutes from now, one right after the other, ask for the same.
const sameMs = 1000;

/** What a new end of a hold (Unix ms) does: makes it longer or shorter, ends it now, or nothing that could be told. */
export const onNewHold = ({ until }: Hold, next: number, now: number): 'change' | 'end' | 'nothing' => {
  if (next <= now) return until <= now ? 'nothing' : 'end';
  return Math.abs(next - until) < sameMs ? 'nothing' : 'change';
};
