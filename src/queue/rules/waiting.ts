/** Why a queued build waits, in one word for programs and one sentence for people. */

import type { Fault } from '../../base/fault.ts';
import type { Waiting } from '../../base/records/waiting.ts';
import type { Build, PlaceInQueue } from '../records.ts';
import type { Demand } from '../asked.ts';
import { fits, roomToPass, type Room, type Started } from './order.ts';
import { fullRuns } from './run.ts';

type Short = Pick<Waiting, 'needsMb' | 'freeMb'> & { readonly for: 'memory' | 'disk' };

/** What of a demand a room lacks. */
const shortOf = (demand: Demand, room: Demand): Short | undefined => {
  if (demand.diskMb > room.diskMb) return { for: 'disk', needsMb: demand.diskMb, freeMb: Math.max(0, room.diskMb) };
  if (demand.memoryMb > room.memoryMb)
    return { for: 'memory', needsMb: demand.memoryMb, freeMb: Math.max(0, room.memoryMb) };
  return undefined;
};

/** What a demand takes beyond a room, in words. */
export const shortWords = (demand: Demand, room: Demand): string => {
  const short = shortOf(demand, room);
  return short === undefined ? '' : `${short.needsMb} MB of ${short.for}, and there are ${short.freeMb} MB`;
};

/** How many builds of a run may run at once, where as many do. */
const parallelOf = (runId: string, started: readonly Started[]): number | undefined =>
  fullRuns(started).includes(runId) ? started.find(({ run }) => run?.id === runId)?.run?.parallel : undefined;

/** Judges why a build that is queued does not run yet. `trouble` is what keeps the whole host from building. */
export const whyWaiting = (
  build: Pick<Build, 'id' | 'notBefore' | 'demand' | 'runId'>,
  place: PlaceInQueue,
  host: { readonly room: Room; readonly hasFreeSlot: boolean; readonly trouble?: Fault | undefined },
  now: number,
): Waiting => {
  const { position, first, started } = place;
  const { room, trouble } = host;
  const because = (why: Waiting['for'] | Short, message: string): Waiting =>
    typeof why === 'string' ? { for: why, position, message } : { ...why, position, message };
  if (trouble !== undefined) return because('hypervisor', `This host cannot build for now: ${trouble.message}`);
  if (build.notBefore > now) return because('retry', 'It is tried again after a pause.');

  const never = shortOf(build.demand, room.whole);
  if (never !== undefined) {
    const words = `It takes ${shortWords(build.demand, room.whole)}, even with no other build. Smaller builds pass it.`;
    return { ...because(never, words), evenAlone: true };
  }
  const alone = started.find(({ isSuspect }) => isSuspect);
  if (alone !== undefined) return because('slot', `Build ${alone.id} runs alone: the daemon died while it ran before.`);
  const limited = build.runId === undefined ? undefined : parallelOf(build.runId, started);
  if (limited !== undefined)
    return because('run', `Its run has ${limited} of its builds run at once at most, and as many do.`);
  if (!host.hasFreeSlot) return because('slot', 'All workers are busy.');
  const short = shortOf(build.demand, room.left);
  if (short !== undefined)
    return because(short, `It takes ${shortWords(build.demand, room.left)} beside the builds that run.`);
  if (first === undefined || first.id === build.id) return because('slot', 'It is about to start.');
  if (first.isSuspect) return because('slot', `Build ${first.id} is to run alone, and waits for the others to end.`);
  const kept = fits(first.demand, room.left) ? undefined : shortOf(build.demand, roomToPass(first, started, room, now));
  return kept === undefined
    ? because('slot', 'It is about to start.')
    : because(
        kept,
        `It takes ${kept.needsMb} MB of ${kept.for}, and what is free is kept for build ${first.id}, which has waited for long.`,
      );
};
