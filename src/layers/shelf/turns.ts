import { makeSemaphore, type Semaphore } from '../../base/semaphore.ts';
import type { BuildLayers } from '../types.ts';

/** One caller at a time for each key; a key without a caller takes no room. */
export const makeTurns = (): Pick<BuildLayers, 'turn' | 'isBeingMade'> => {
  const lines = new Map<string, { readonly semaphore: Semaphore; callers: number }>();
  const turn: BuildLayers['turn'] = async (key, signal) => {
    const line = lines.get(key) ?? { semaphore: makeSemaphore(1), callers: 0 };
    lines.set(key, line);
    line.callers++;
    const leave = () => {
      line.callers--;
      if (line.callers === 0) lines.delete(key);
    };
    try {
      const taken = await line.semaphore.take(signal);
      let isOver = false;
      return {
        [Symbol.dispose]: () => {
          if (isOver) return;
          isOver = true;
          leave();
          taken[Symbol.dispose]();
        },
      };
    } catch (error) {
      leave();
      throw error;
    }
  };
  return { turn, isBeingMade: (key) => lines.has(key) };
};
