import { untilKey } from '../show/keys.ts';
import type { Output } from '../show/output.ts';

/** What somebody wants who pressed Ctrl-C. */
export type Wish = 'leave' | 'cancel' | 'watch';

const keys: Readonly<Record<string, Wish>> = {
  l: 'leave',
  '\r': 'leave',
  '\n': 'leave',
  '\x03': 'leave',
  '\x04': 'leave',
  c: 'cancel',
  w: 'watch',
};

/** Asks what is to become of the build: one key, no Enter. */
export const askWish = async (output: Output, signal: AbortSignal): Promise<Wish> => {
  // Who sees the question must not be faster than the keyboard.
  const typed = untilKey((character) => keys[character.toLowerCase()], signal);
  await output.write('The build goes on by itself. [l]eave it running, [c]ancel it, or [w]atch on? ');
  const wish = await typed;
  await output.write(`${wish}\n`);
  return wish;
};

/** Calls back for SIGINT, SIGTERM and SIGHUP until it is disposed. */
export const onSignals = (call: (signal: NodeJS.Signals) => void): Disposable => {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, call);
  return {
    [Symbol.dispose]: () => {
      for (const signal of signals) process.off(signal, call);
    },
  };
};
