import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const isCollect = (value: unknown): value is NodeJS.GCFunction => typeof value === 'function';

/**
 * Lets go of what the start needed: V8 looks for garbage when much is made, and an idle daemon would hold 10 MB of it for good.
 * Its function for that is there for those who ask by a flag, and for what is compiled from then on.
 */
export const collectGarbage = async (): Promise<void> => {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  // What is compiled is kept under the flags of its time.
  setFlagsFromString('--no-expose-gc');
  // The last resort gives the room back as well.
  if (isCollect(collect)) await collect({ type: 'major', execution: 'async', flavor: 'last-resort' });
};
