import { Fault } from '../../base/fault.ts';
import type { Build } from '../../queue/records.ts';
import type { ApiParts } from '../types.ts';

/** Throws `build_not_held` unless clients may type on the console of the build now. */
export const checkTakesKeys = (
  { id, status }: Pick<Build, 'id' | 'status'>,
  live: Pick<ApiParts['live'], 'pauses'>,
): void => {
  if (status === 'held' || live.pauses(id).length > 0) return;
  throw new Fault(
    'build_not_held',
    `The build is ${status}: keys are taken while it is held, with on_error "hold", or at a breakpoint.`,
  );
};
