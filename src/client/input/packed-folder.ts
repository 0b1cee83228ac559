import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline, Transform } from 'node:stream';
import { isErrno } from '../../base/errno.ts';
import { systemClock } from '../../base/clock.ts';
import { patience } from '../api/patience.ts';
import type { Api, Sent } from '../api/api.ts';
import { ClientError, usageError } from '../client-error.ts';
import { packFolder } from '../pack/pack-folder.ts';
import { contextLimits } from './context-limits.ts';
import type { SentFolder } from '../show/field-errors.ts';
import { textOf, type Output } from '../show/output.ts';
import { systemReason } from '../../base/system-words.ts';
import { shownBytes } from '../show/units.ts';

const factsOf = async (path: string): Promise<Stats | undefined> => {
  try {
    return await stat(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG')) return undefined;
    throw usageError(`${path} cannot be used: ${systemReason(error)}.`);
  }
};

/** Whether there is such a folder. */
export const isFolder = async (path: string): Promise<boolean> => (await factsOf(path))?.isDirectory() === true;

/** Whether there is such a file. */
export const isFile = async (path: string): Promise<boolean> => (await factsOf(path))?.isFile() === true;

const drawsEveryMs = 100;

/** Counts what passes, and shows it on a terminal. */
const counted = (output: Output, files: number): Transform => {
  let bytes = 0;
  let drawnAt = -Infinity;
  const draw = (isDone: boolean) => {
    if (!output.isRich || (!isDone && systemClock.elapsed() - drawnAt < drawsEveryMs)) return;
    drawnAt = systemClock.elapsed();
    const words = `${isDone ? 'sent' : 'sending'} ${files} files, ${shownBytes(bytes)} packed`;
    void output.write(`\r${textOf({ as: 'dim', text: words }, true)}\x1b[K${isDone ? '\n' : ''}`);
  };
  return new Transform({
    transform: (chunk: Buffer, _, next) => {
      bytes += chunk.byteLength;
      draw(false);
      next(null, chunk);
    },
    flush: (next) => {
      draw(true);
      next();
    },
  });
};

// A start that a daemon does not answer is tried again for so long: it may be starting itself.
const mostAwayMs = 30_000;

/** The same error, with the folder that it is about: its places are shown with the lines of the files. */
const ofFolder = (error: ClientError, sent: SentFolder): ClientError =>
  new ClientError(error.ending, error.message, { ...error.about, sent, cause: error });

/** What a folder is sent as: packed anew for each try. */
export type FolderToSend = SentFolder & { readonly extra: Readonly<Record<string, string>> };

/**
 * Sends a folder with a call that may be repeated, and repeats it while the daemon is away. Gives the reply. Throws as
 * the call does, and `usage` where there is no such folder.
 */
export const sendFolder = async (
  api: Api,
  { folder, made, extra }: FolderToSend,
  output: Output,
  call: (sent: Required<Pick<Sent, 'body'>>) => Promise<Response>,
): Promise<Response> => {
  if (!(await isFolder(folder))) throw usageError(`There is no folder ${JSON.stringify(folder)}.`);
  const { signal } = new AbortController();
  const waiting = patience(signal, (state) => state === 'away' && output.tell('The daemon does not answer; trying again.'), mostAwayMs); // prettier-ignore
  return waiting.ask(async () => {
    const limits = await contextLimits(api);
    const { stream, files } = await packFolder(folder, { limits, extra, signal });
    const content = counted(output, files);
    let unread: Error | undefined;
    stream.once('error', (error) => (unread = error));
    // The call meets an error when it reads; until then it is heard here, or it would end the program.
    pipeline(stream, content, () => undefined);
    try {
      return await call({ body: { type: 'application/zstd', content } });
    } catch (error) {
      // The call fails with it too, as if the daemon were away.
      if (unread !== undefined) throw unread;
      throw error instanceof ClientError ? ofFolder(error, { folder, made }) : error;
    } finally {
      stream.destroy();
    }
  });
};
