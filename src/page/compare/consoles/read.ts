import { request } from '../../api/call.ts';
import { makeLines, type ConsoleLines } from './lines.ts';

// Read at first of each console, then twice as much each time until it is known where they go apart, up to the bound.
const firstBytes = 256 * 1024;
export const mostBytes = 8 * 2 ** 20;

/** The transcript of a build, read from its beginning in growing parts. */
export type ConsoleReader = {
  /** Reads the next part. */
  readonly more: (signal: AbortSignal) => Promise<void>;
  readonly now: () => ConsoleLines;
  /** Whether all of it is read. */
  readonly isWhole: () => boolean;
  /** Whether the bound is reached. */
  readonly isFull: () => boolean;
};

/** What a console has shown up to now. */
export const makeConsoleReader = (id: string): ConsoleReader => {
  const path = `builds/${encodeURIComponent(id)}/console`;
  const made = makeLines();
  let read = 0;
  let length: number | undefined;
  const isWhole = () => length !== undefined && read >= length;
  /** The whole, where that is little; else its length is known. */
  const open = async (signal: AbortSignal): Promise<Response | undefined> => {
    const whole = await request(path, { signal });
    length = Number(whole.headers.get('content-length') ?? 0);
    if (length <= firstBytes) return whole;
    await whole.body?.cancel();
    return undefined;
  };
  const more = async (signal: AbortSignal): Promise<void> => {
    if (isWhole() || read >= mostBytes) return;
    const whole = length === undefined ? await open(signal) : undefined;
    const end = Math.min(mostBytes, length ?? 0, Math.max(firstBytes, 2 * read));
    const answer = whole ?? (await request(path, { range: `${read}-${end - 1}`, signal }));
    const bytes = new Uint8Array(await answer.arrayBuffer());
    // An answer that is shorter than was said is the end.
    if (bytes.length === 0) length = read;
    read += bytes.length;
    made.take(bytes, isWhole());
  };
  return { more, now: made.now, isWhole, isFull: () => isWhole() || read >= mostBytes };
};
