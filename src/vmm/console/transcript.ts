import { truncate } from 'node:fs/promises';
import { openBoundedFile, type Bound } from '../../base/bounded-file.ts';
import { makeByteMask } from '../../base/mask/byte-mask.ts';
import type { Clock } from '../../base/clock.ts';
import type { Growth } from '../../base/growth.ts';
import { bytesLeftOut } from '../../base/file/left-out.ts';
import { hiddenTexts } from '../../base/mask/mask.ts';
import { shortestSecret } from '../../base/mask/secret-words.ts';
import type { ConsolePlace } from './place.ts';
import { openTimes } from './times.ts';

/** What a console showed, as a file: raw bytes, but without what is secret, and bounded. */
export type Transcript = AsyncDisposable & {
  /** Puts the bytes in line for the disk; resolves when there is room for more. Rejects with the error of the disk, or as a flood. */
  readonly append: (bytes: Uint8Array) => Promise<void>;
  /** From now on this text is not shown wherever it comes. */
  readonly hide: (text: string) => void;
  /** Nothing that comes is shown, until the function that this gives is called. */
  readonly conceal: () => () => void;
  /** Somebody types: what comes next is not left out. */
  readonly pass: () => void;
  /** How far the file has come with the bytes of the line, at a moment when none was held back; all of that is on file. */
  readonly mark: () => Promise<ConsolePlace['transcript']>;
  /** Resolves when everything is on file. Rejects with the error of the disk, or as a flood. */
  readonly flush: () => Promise<void>;
  /** Rejects as soon as a write has failed or the guest floods, also while nothing is appended. Never resolves. */
  readonly failed: Promise<never>;
};

export type TranscriptParts = {
  readonly growth: Growth;
  readonly clock: Clock;
  readonly bound: Bound;
  /** Values that are never shown, in each of the forms in which they may come. */
  readonly sensitive: readonly string[];
  /** Told of all that is shown, also of what the bound leaves out of the file. */
  readonly onShown: (bytes: Uint8Array) => void;
  /** What `mark` gave: the file is cut there, and so many bytes of the line are shown and not written again. */
  readonly from?: ConsolePlace['transcript'] | undefined;
};

// A prompt that ends as a secret begins is shown whole so soon.
const quietMs = 1000;

// A screen of answers to what a person types on a console that has said too much.
const passedBytes = 4 * 1024;

/** The file, and beside it the times of what is put into it. */
const openTimedFile = async (
  path: string,
  { growth, clock, bound, from }: Pick<TranscriptParts, 'growth' | 'clock' | 'bound' | 'from'>,
) => {
  const given = from?.line ?? 0;
  const file = await openBoundedFile(path, {
    growth,
    bound,
    given,
    what: 'console',
    notice: bytesLeftOut,
    lineEnd: '\r\n',
  });
  const times = await openTimes(path, clock).catch(async (error: unknown) => {
    await file[Symbol.asyncDispose]();
    throw error;
  });
  return {
    ...file,
    append: (bytes: Uint8Array) => {
      const appending = file.append(bytes);
      times.note(file.size());
      return appending;
    },
    rest: times.rest,
    [Symbol.asyncDispose]: async () => {
      await file[Symbol.asyncDispose]();
      times.note(file.size());
      await times[Symbol.asyncDispose]();
    },
  };
};

/** Opens the file at `path` for appending, and tells `growth` whenever bytes are on it. When they came stands beside it. */
// One closure, though long: all of it is about how much of the line is on file.
export const openTranscript = async (
  path: string,
  { growth, clock, bound, sensitive, onShown, from }: TranscriptParts,
): Promise<Transcript> => {
  if (from !== undefined) await truncate(path, from.file);
  const file = await openTimedFile(path, { growth, clock, bound, from });
  const mask = makeByteMask();
  const hide = (texts: readonly string[], shown: string) => {
    const values = texts.map((text) => Buffer.from(text));
    mask.hide(values, shown);
  };
  hide(sensitive, '<sensitive>');
  let concealed = 0;
  let taken = 0;
  let clean = { line: from?.line ?? 0, file: file.size() };
  const noteClean = () => {
    if (taken >= (from?.line ?? 0) && concealed === 0 && !mask.isHolding()) clean = { line: taken, file: file.size() };
  };
  let isQuiet = true;
  let endsConcealed = false;
  const show = (bytes: Uint8Array) => {
    if (bytes.byteLength === 0) return file.room();
    endsConcealed = false;
    onShown(bytes);
    return file.append(bytes);
  };
  // Its error is told by `failed`.
  const showRest = (when: 'quiet' | 'end') => {
    void show(mask.rest(when)).catch(() => undefined);
    noteClean();
  };
  /** What an earlier daemon has written already: shown, and no more. */
  const showAgain = (bytes: Uint8Array) => {
    taken += bytes.byteLength;
    onShown(mask.take(bytes));
    if (taken === from?.line) onShown(mask.rest('end'));
  };
  const watch = clock.every(quietMs, () => {
    // While a secret is typed key by key, its echo may pause anywhere.
    if (isQuiet && mask.isHolding()) showRest('quiet');
    isQuiet = true;
    file.rest();
  });
  return {
    append: (bytes) => {
      isQuiet = false;
      const known = Math.min(bytes.byteLength, Math.max(0, (from?.line ?? 0) - taken));
      if (known > 0) showAgain(bytes.subarray(0, known));
      if (known === bytes.byteLength) return file.room();
      taken += bytes.byteLength - known;
      if (concealed > 0) return file.room();
      const shown = show(mask.take(bytes.subarray(known)));
      noteClean();
      return shown;
    },
    mark: async () => {
      const now = clean;
      await file.written();
      return now;
    },
    hide: (text) => {
      if (text.length >= shortestSecret) hide(hiddenTexts([text]), '<secret>');
    },
    conceal: () => {
      showRest('end');
      // A line that is typed again is concealed again.
      if (concealed++ === 0 && !endsConcealed) void show(Buffer.from('<secret>')).catch(() => undefined);
      endsConcealed = true;
      let isConcealed = true;
      return () => {
        if (isConcealed) concealed--;
        isConcealed = false;
        noteClean();
      };
    },
    pass: () => file.pass(passedBytes),
    flush: async () => {
      showRest('end');
      await file.flush();
    },
    failed: file.failed,
    [Symbol.asyncDispose]: async () => {
      watch[Symbol.dispose]();
      showRest('end');
      await file[Symbol.asyncDispose]();
    },
  };
};
