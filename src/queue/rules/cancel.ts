import { isEnded } from '../../base/records/status.ts';
import type { Build } from '../records.ts';

/**
 * What a client's cancel does: a build that waits ends at once, one that has a worker is asked to end and lets its machine
 * go first. Asked again, or when it has ended, nothing happens.
 */
export const onCancel = ({
  status,
  cancelRequested,
}: Pick<Build, 'status' | 'cancelRequested'>): 'end' | 'ask' | 'nothing' => {
  if (status === 'queued') return 'end';
  return isEnded(status) || cancelRequested ? 'nothing' : 'ask';
};
