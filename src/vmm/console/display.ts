import type { Clock } from '../../base/clock.ts';
import { shortestSecret } from '../../base/mask/secret-words.ts';
import { deferred, orAborted } from '../../base/waiting.ts';
import type { Display, Shown } from '../types.ts';
import type { LookedScreen } from './look.ts';

/** A machine's display as it is watched while the machine runs. */
export type WatchedDisplay = LookedScreen &
  Pick<Display, 'press'> &
  AsyncDisposable & {
    /** From now on this text is not shown. */
    readonly hide: (text: string) => void;
  };

// Each look stops the machine for some milliseconds.
const betweenMs = 500;

/** What stands in place of the rows of a display that shows pixels. */
const inGraphicMode = 'the screen is in a graphic mode';

/** A secret may go on in the next row, so it is looked for in all of them at once, and hidden cell by cell. */
const masked = (cells: string, secrets: ReadonlySet<string>): string =>
  [...secrets].reduce((text, secret) => text.replaceAll(secret, '*'.repeat(secret.length)), cells);

const rowsOf = (shown: Shown, secrets: ReadonlySet<string>): string => {
  if (shown.mode === 'graphic') return inGraphicMode;
  const { cells, columns } = shown;
  const text = masked(cells, secrets);
  const rows = Array.from({ length: Math.ceil(text.length / columns) }, (_, row) =>
    text.slice(row * columns, (row + 1) * columns).trimEnd(),
  );
  return rows.join('\n').trimEnd();
};

/**
 * Looks at a display twice a second, until it is disposed of or the machine has gone: then it shows what was seen last.
 * `onChange` is told of the text, without the sensitive values, before the next look.
 */
export const watchDisplay = (
  display: Display,
  {
    clock,
    sensitive,
    onChange,
  }: {
    readonly clock: Clock;
    readonly sensitive: readonly string[];
    readonly onChange: (text: string) => Promise<void>;
  },
): WatchedDisplay => {
  const secrets = new Set(sensitive);
  const over = new AbortController();
  let text = '';
  let changes = 0;
  let changed = deferred<void>();
  const look = async () => {
    const now = rowsOf(await orAborted(display.look(), over.signal), secrets);
    if (now === text && changes > 0) return;
    text = now;
    changes++;
    await onChange(text);
    changed.resolve();
    changed = deferred();
  };
  const watch = async () => {
    for (;;) {
      await look();
      await clock.sleep(betweenMs, over.signal);
    }
  };
  // It ends when it is disposed of, or with the machine, whose end is told elsewhere.
  const watching = watch().catch(() => undefined);
  return {
    press: display.press,
    hide: (secret) => {
      if (secret.length >= shortestSecret) secrets.add(secret);
    },
    text: () => text,
    isSettled: () => true,
    changes: () => changes,
    changed: async (seen, signal) => {
      while (changes <= seen) await orAborted(changed.promise, signal);
    },
    [Symbol.asyncDispose]: async () => {
      over.abort(new Error('the display is watched no more'));
      await watching;
    },
  };
};
