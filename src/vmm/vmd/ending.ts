import type { Ending } from '../types.ts';
import { lastWords } from './last-words.ts';

/** What was seen of a machine that has left vmd's table. */
export type VmdDeparture = {
  /** Its row is gone; or vmd itself stopped, or is not the one that had it. */
  readonly by: 'itself' | 'vmd-stopped' | 'vmd-restarted';
  /** We pulled the plug. */
  readonly isOurs: boolean;
  /** We asked the guest to shut down. */
  readonly wasAsked: boolean;
  /** vmd starts it again when its guest resets itself, but not more than 3 times within 6 s each (vmd(8)). */
  readonly isRestarted: boolean;
  /**
   * vmd showed it as stopping, and we had not asked: its guest halts, or somebody stops it. Who is asked by vmd to shut
   * down reboots (vmmci(4)), and vmd sees to it that it does not come again.
   */
  readonly wasStopping: boolean;
  /** The last that came over its console. */
  readonly tail: string;
};

const elsewhere = 'it was stopped with vmctl stop, or its process died; vmd says more in /var/log/daemon on this host';

/**
 * Tells apart how a machine went. vmd says only that it has gone, so its guest's last words are the witness: a guest
 * that went without any did not go by itself.
 */
export const endingOfVm = ({ by, isOurs, wasAsked, isRestarted, wasStopping, tail }: VmdDeparture): Ending => {
  if (isOurs) return { how: 'stopped', detail: 'imaged ended it with vmctl stop -f' };
  if (by === 'vmd-stopped') return { how: 'killed', detail: 'vmd(8) was stopped, and every machine went with it' };
  if (by === 'vmd-restarted') return { how: 'killed', detail: 'vmd(8) was restarted, and every machine went with it' };
  const said = lastWords(tail);
  if (wasStopping && said !== 'halt') return { how: 'killed', detail: 'it was stopped from outside with vmctl stop' };
  if (wasAsked)
    return said === undefined
      ? {
          how: 'cut',
          detail:
            'vmd cut its power when it was asked to shut down: the guest has no vmmci(4) driver attached, or did not end in time',
        }
      : { how: 'halt', detail: 'the guest shut down when it was asked to' };
  if (said === 'halt') return { how: 'halt', detail: 'the guest powered itself off' };
  if (said === 'reboot' && isRestarted)
    return { how: 'loop', detail: 'the guest reset itself again and again, and vmd stopped it for that' };
  if (said === 'reboot') return { how: 'reboot', detail: 'the guest reset itself' };
  return { how: 'killed', detail: `it went without a word of its guest's: ${elsewhere}` };
};
