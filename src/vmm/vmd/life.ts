/**
 * The life of one machine of vmd's, from what `vmctl status` tells and what imaged does:
 *
 *                 row: its guest has reset itself
 *                  +--+
 *                  v  |
 *   started ---> running ---- row that is stopping ---> stopping     its guest halts, or an operator stops it;
 *                  | ^                                     |         imaged may ask it, too
 *               ask| |refused                              |
 *                  v |                                     |
 *                 asked                                    |
 *                  |                                       |
 *                  +--- plug (from any of the three) ---> unplugged
 *                  |                                       |
 *                  +------ absence (from any of the four) -+
 *                  v
 *                 gone          nothing more can be seen but what its guest said last
 *                  |
 *              last-words
 *                  v
 *                ended          with an Ending, for ever
 */

import { unchanged, type Ended, type NextState } from '../life.ts';
import { endingOfVm, type VmdDeparture } from './ending.ts';

type Kept = {
  /** Its process, another one after each reset of its guest; undefined when vmd did not name one. */
  readonly pid: number | undefined;
  readonly isRestarted: VmdDeparture['isRestarted'];
};

export type VmLife =
  | (Kept & { readonly is: 'running' })
  /** Not by imaged's doing. `wasAsked`: imaged has asked since. */
  | (Kept & { readonly is: 'stopping'; readonly wasAsked: boolean })
  | (Kept & { readonly is: 'asked' })
  | (Kept & { readonly is: 'unplugged' })
  | { readonly is: 'gone'; readonly departure: Omit<VmdDeparture, 'tail'> }
  | Ended;

export type VmObservation =
  /** Its row in the table of `vmctl status`. */
  | { readonly saw: 'row'; readonly pid: number | undefined; readonly isStopping: boolean }
  /** Its row is gone; or vmd itself stopped, or is not the one that had it. */
  | { readonly saw: 'absence'; readonly by: VmdDeparture['by'] }
  /** imaged asks its guest to shut down. */
  | { readonly saw: 'ask' }
  /** vmd was asked for that in vain. */
  | { readonly saw: 'refused' }
  /** imaged pulls the plug. */
  | { readonly saw: 'plug' }
  /** The last that came over its console, read to its end. */
  | { readonly saw: 'last-words'; readonly tail: string };

export type VmEffect = 'tell-reboot' | 'hear-last-words';

type Observed = NextState<VmLife, VmEffect>;
type Present = Extract<VmLife, Kept>;

/** The life of a machine that vmd has just started. `isRestarted` as in `Departure`. */
export const startedVm = (pid: number | undefined, isRestarted: boolean): VmLife => ({
  is: 'running',
  pid,
  isRestarted,
});

export const isPresent = (life: VmLife): life is Present => life.is !== 'gone' && life.is !== 'ended';

/** The machine is there, and neither asked to shut down nor unplugged. */
export const canBeAsked = (life: VmLife): boolean =>
  life.is === 'running' || (life.is === 'stopping' && !life.wasAsked);

const keptOf = ({ pid, isRestarted }: Present): Kept => ({ pid, isRestarted });

const seeRow = (life: Present, pid: number | undefined, isStopping: boolean): Observed => {
  const hasReset = pid !== undefined && pid !== life.pid;
  const seen: Present = hasReset ? { ...life, pid } : life;
  return {
    life: isStopping && seen.is === 'running' ? { ...keptOf(seen), is: 'stopping', wasAsked: false } : seen,
    effects: hasReset ? ['tell-reboot'] : [],
  };
};

const seeAbsence = (life: Present, by: VmdDeparture['by']): Observed => ({
  life: {
    is: 'gone',
    departure: {
      by,
      isOurs: life.is === 'unplugged',
      wasAsked: life.is === 'asked' || (life.is === 'stopping' && life.wasAsked),
      isRestarted: life.isRestarted,
      wasStopping: life.is === 'stopping',
    },
  },
  effects: ['hear-last-words'],
});

const seeAsk = (life: Present): VmLife => {
  if (life.is === 'running') return { ...keptOf(life), is: 'asked' };
  return life.is === 'stopping' ? { ...life, wasAsked: true } : life;
};

const seeRefused = (life: Present): VmLife => {
  if (life.is === 'asked') return { ...keptOf(life), is: 'running' };
  return life.is === 'stopping' ? { ...life, wasAsked: false } : life;
};

/** What an observation makes of a life. One that cannot be made in this state changes nothing. */
export const nextOfVm = (life: VmLife, observation: VmObservation): Observed => {
  if (life.is === 'ended') return unchanged(life);
  if (life.is === 'gone') {
    if (observation.saw !== 'last-words') return unchanged(life);
    return { life: { is: 'ended', ending: endingOfVm({ ...life.departure, tail: observation.tail }) }, effects: [] };
  }
  switch (observation.saw) {
    case 'row':
      return seeRow(life, observation.pid, observation.isStopping);
    case 'absence':
      return seeAbsence(life, observation.by);
    case 'ask':
      return unchanged(seeAsk(life));
    case 'refused':
      return unchanged(seeRefused(life));
    case 'plug':
      return unchanged({ ...keptOf(life), is: 'unplugged' });
    case 'last-words':
      return unchanged(life);
  }
};
