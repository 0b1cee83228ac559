import { open } from 'node:fs/promises';
import { unlessErrno } from '../../base/errno.ts';
import { screenAfter } from '../../vmm/console/screen.ts';

/** Enough to draw a screen anew, and little enough to be replayed in some 10 ms. */
const mostReplayed = 256 * 1024;

/**
 * What a terminal would show after the transcript at `path`, of which its end is replayed; as masked as the transcript is.
 * Undefined when there is none: the build had no console.
 */
export const screenOfTranscript = async (path: string, signal: AbortSignal): Promise<string | undefined> => {
  await using file = await unlessErrno(open(path), 'ENOENT');
  if (file === undefined) return undefined;
  const { size } = await file.stat();
  const from = Math.max(0, size - mostReplayed);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
  const came = buffer.subarray(0, bytesRead);
  // What is left of a line that was cut may be the end of an escape sequence.
  return screenAfter(from === 0 ? came : came.subarray(came.indexOf('\n') + 1), signal);
};
