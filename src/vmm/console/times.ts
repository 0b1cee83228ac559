/**
 * When what a console showed came, in a file beside its transcript: lines of two numbers, the time (Unix ms) at which the
 * last byte came and how long the transcript was with it. What comes within a tenth of a second is one line.
 */

import { open } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import { makeWriteQueue } from '../../base/file/write-queue.ts';

/** By this time (Unix ms) the transcript had so many bytes. */
export type TimesRow = { readonly ms: number; readonly bytes: number };

export const timesOf = (transcript: string): string => `${transcript}.times`;

const firstGapMs = 100;

// A console that never rests fills so much in some 35 minutes; then its times are kept half as closely, and so on: a day of
// it has 3 MB, a month 6.
const doublesEvery = 512 * 1024;

export type ConsoleTimes = AsyncDisposable & {
  /** The transcript has so many bytes now. */
  readonly note: (bytes: number) => void;
  /** Writes what was noted last, once nothing can come that belongs to it. */
  readonly rest: () => void;
};

/** Opens the file for appending. A failure to write it costs the times that were to be in it, and nothing else. */
export const openTimes = async (transcript: string, clock: Pick<Clock, 'now'>): Promise<ConsoleTimes> => {
  const file = await open(timesOf(transcript), 'a', 0o640);
  const queue = makeWriteQueue(file, () => undefined);
  let size = (await file.stat()).size;
  let group: (TimesRow & { readonly beganAt: number }) | undefined;
  let told = -1;

  const put = (text: string) => {
    queue.put(Buffer.from(text));
    size += text.length;
  };
  const gapMs = () => firstGapMs * 2 ** Math.floor(size / doublesEvery);
  const end = () => {
    if (group !== undefined) put(`${group.ms} ${group.bytes}\n`);
    told = group?.bytes ?? told;
    group = undefined;
  };
  const isOver = (now: number) => group !== undefined && Math.abs(now - group.beganAt) >= gapMs();
  // A line that a crash has cut ends here.
  if (size > 0) put('\n');
  return {
    note: (bytes) => {
      const now = clock.now();
      if (isOver(now)) end();
      if (bytes !== (group?.bytes ?? told)) group = { ms: now, bytes, beganAt: group?.beganAt ?? now };
    },
    rest: () => {
      if (isOver(clock.now())) end();
    },
    [Symbol.asyncDispose]: async () => {
      end();
      await queue.written();
      await file.close();
    },
  };
};
