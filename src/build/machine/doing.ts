import type { Activity } from '../../base/activity/activity.ts';
import { inSeconds, lastLineShown } from '../../base/activity/words.ts';
import type { Running } from './running.ts';

/** What the console of a machine is waited for, and its last line. */
const onConsole = ({ console }: Pick<Running, 'console'>): string => {
  const waiting = console.waiting();
  const last = lastLineShown(console.tail());
  return [
    ...(waiting === undefined ? [] : [`it awaited "${waiting.pattern}" on the console for ${inSeconds(waiting.ms)}`]),
    last === undefined ? 'nothing had come on the console' : `the last line on the console was ${last}`,
  ].join('; ');
};

/** What a build was doing when its time was over and what it saw last, as the end of a sentence; '' when nothing is known. */
export const doingNow = (activity: Activity, running: Pick<Running, 'console'> | undefined): string => {
  const now = activity.now() ?? (running && onConsole(running));
  return now === undefined ? '' : `: ${now}`;
};
