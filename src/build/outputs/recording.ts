import { open } from 'node:fs/promises';
import { unlessErrno } from '../../base/errno.ts';
import { timesOf, type TimesRow } from '../../vmm/console/times.ts';
import { openReader, type OutputReader } from './read-file.ts';

/** What came at one time (Unix ms). */
export type RecordedOutputs = { readonly ms: number; readonly bytes: Uint8Array };

/** What a console showed, with its times; of a transcript without times all came at one, 0. Disposing it closes it. */
export type Recording = AsyncDisposable & {
  /** In the order in which it came. A piece may be overwritten once the next one is asked for. */
  readonly pieces: () => AsyncGenerator<RecordedOutputs, void>;
};

/** The rows of a file of times, those that a crash has cut left out. */
const rowsOf = async function* (path: string): AsyncGenerator<TimesRow, void> {
  await using file = await unlessErrno(open(path), 'ENOENT');
  if (file === undefined) return;
  for await (const line of file.readLines()) {
    const [, ms, bytes] = /^(\d{1,15}) (\d{1,15})$/.exec(line) ?? [];
    if (ms !== undefined && bytes !== undefined) yield { ms: Number(ms), bytes: Number(bytes) };
  }
};

const piecesOf = async function* (
  transcript: OutputReader,
  rows: AsyncGenerator<TimesRow, void>,
  signal: AbortSignal,
): AsyncGenerator<RecordedOutputs, void> {
  let start = 0;
  let ms = 0;
  for await (const row of rows) {
    const end = Math.min(row.bytes, transcript.size);
    // A clock that was set back does not turn a recording back.
    ms = Math.max(ms, row.ms);
    if (end <= start) continue;
    for await (const bytes of transcript.read({ start, end }, signal)) yield { ms, bytes };
    start = end;
  }
  if (start === transcript.size) return;
  for await (const bytes of transcript.read({ start, end: transcript.size }, signal)) yield { ms, bytes };
};

/** Opens the transcript at this path and the times beside it; undefined when there is none. */
export const openRecording = async (path: string, signal: AbortSignal): Promise<Recording | undefined> => {
  const transcript = await openReader(path);
  return (
    transcript && {
      pieces: () => piecesOf(transcript, rowsOf(timesOf(path)), signal),
      [Symbol.asyncDispose]: () => transcript[Symbol.asyncDispose](),
    }
  );
};
