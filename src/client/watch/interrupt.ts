import { systemClock } from '../../base/clock.ts';
import type { Build } from '../api/types.ts';
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
export const askWish = async (output: Output, status: Build['status'], signal: AbortSignal): Promise<Wish> => {
  // Who sees the question must not be faster than the keyboard.
  const typed = untilKey((character) => keys[character.toLowerCase()], signal);
  await output.write(
    status === 'held'
      ? 'The build is held until it is resumed or its time is over. [l]eave it so, [c]ancel it, or [w]atch on? '
      : 'The build goes on by itself. [l]eave it running, [c]ancel it, or [w]atch on? ',
  );
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

// Far more than a signal to oneself takes.
const stopsWithinMs = 100;

/**
 * Lets Ctrl-Z stop this program: `pause` gives the terminal back before, `go` is called when it runs again. That is when a timer
 * fires, and SIGCONT does not tell it: a process group without a shell cannot be stopped, and runs on.
 */
export const onSuspend = ({ pause, go }: { readonly pause: () => void; readonly go: () => void }): Disposable => {
  const over = new AbortController();
  const suspend = () => {
    pause();
    process.off('SIGTSTP', suspend);
    process.kill(process.pid, 'SIGTSTP');
    void systemClock.sleep(stopsWithinMs, over.signal).then(
      () => {
        process.on('SIGTSTP', suspend);
        go();
      },
      () => undefined,
    );
  };
  process.on('SIGTSTP', suspend);
  return {
    [Symbol.dispose]: () => {
      process.off('SIGTSTP', suspend);
      over.abort();
    },
  };
};
