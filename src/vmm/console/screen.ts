import { StringDecoder } from 'node:string_decoder';
import type { Terminal } from '@xterm/headless';
import { deferred, orAborted } from '../../base/waiting.ts';

/** What a terminal shows that is fed with what comes on a console: 80 columns and 24 rows, as a VT220 has. */
export type Screen = Disposable & {
  /** Feeds bytes; they are shown a little later. */
  readonly take: (bytes: Uint8Array) => void;
  /** Resolves when it can take more. */
  readonly room: (signal: AbortSignal) => Promise<void>;
  /** Its rows, without blanks at their ends and without empty rows at its own. */
  readonly text: () => string;
  /** Whether it shows all that it was fed. */
  readonly isSettled: () => boolean;
  /** How often it has changed. */
  readonly changes: () => number;
  /** Resolves when it has changed more often than `seen`. */
  readonly changed: (seen: number, signal: AbortSignal) => Promise<void>;
};

const size = { cols: 80, rows: 24 };

/** What may wait to be shown, in bytes. */
const mostWaiting = 256 * 1024;

// A cell keeps all that is combined with its character, however much comes: a guest could grow it without end.
const combining = /[\p{M}\p{Cf}\u1160-\u11ff]/gu;
const plainAscii = /^[\x00-\x7f]*$/;

const rowsOf = (terminal: Terminal): string => {
  const { active } = terminal.buffer;
  const rows = Array.from(
    { length: size.rows },
    (_, row) =>
      active
        .getLine(active.viewportY + row)
        ?.translateToString(true)
        .trimEnd() ?? '',
  );
  return rows.join('\n').trimEnd();
};

/** Makes one. The terminal is loaded with the first: a start of the daemon need not wait for it. */
export const makeScreen = async (): Promise<Screen> => {
  const { default: headless } = await import('@xterm/headless');
  const terminal = new headless.Terminal({ ...size, scrollback: 0, logLevel: 'off', allowProposedApi: true });
  const decoder = new StringDecoder('utf8');
  let waiting = 0;
  let changes = 0;
  let settled = deferred<void>();
  const shown = (bytes: number) => {
    waiting -= bytes;
    changes++;
    const told = settled;
    settled = deferred();
    told.resolve();
  };
  return {
    take: (bytes) => {
      const text = decoder.write(Buffer.from(bytes));
      if (text === '') return;
      waiting += bytes.byteLength;
      const single = plainAscii.test(text) ? text : text.replace(combining, '');
      terminal.write(single, () => shown(bytes.byteLength));
    },
    room: async (signal) => {
      while (waiting > mostWaiting) await orAborted(settled.promise, signal);
    },
    text: () => rowsOf(terminal),
    isSettled: () => waiting === 0,
    changes: () => changes,
    changed: async (seen, signal) => {
      while (changes <= seen) await orAborted(settled.promise, signal);
    },
    [Symbol.dispose]: () => terminal.dispose(),
  };
};

/** What the screen shows at the end of these bytes. */
export const screenAfter = async (bytes: Uint8Array, signal: AbortSignal): Promise<string> => {
  using screen = await makeScreen();
  if (bytes.byteLength === 0) return '';
  screen.take(bytes);
  await screen.changed(0, signal);
  return screen.text();
};
