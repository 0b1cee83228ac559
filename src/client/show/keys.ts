import { orAborted } from '../../base/waiting.ts';

/**
 * Gives every character that is typed at the terminal to `take`, until that gives something else than undefined. From
 * the call on nothing is shown, and Ctrl-C is a character like the others. Rejects with the signal's reason.
 */
export const untilKey = async <T>(take: (character: string) => T | undefined, signal: AbortSignal): Promise<T> => {
  const { stdin } = process;
  let onData: (bytes: Buffer) => void = () => undefined;
  stdin.setRawMode(true);
  try {
    const taken = new Promise<T>((resolve) => {
      onData = (bytes) => {
        for (const character of bytes.toString('utf8')) {
          const taken = take(character);
          if (taken !== undefined) return resolve(taken);
        }
      };
      stdin.on('data', onData);
      stdin.resume();
    });
    return await orAborted(taken, signal);
  } finally {
    stdin.off('data', onData);
    stdin.setRawMode(false);
    stdin.pause();
  }
};
