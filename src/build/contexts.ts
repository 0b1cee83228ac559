import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { asFault, Fault } from '../fault.ts';
import type { Ids } from '../ids.ts';
import { unpackContext } from '../template/context.ts';
import type { Folders } from './folders.ts';
import { behindFolders } from './own-folders.ts';

/** A context that was received: its folder's name, what its template.json says, and the digest of all its files. */
export type Received = { readonly contextId: string; readonly template: unknown; readonly digest: string };

export type Contexts = {
  readonly receive: (body: Readable, encoding: 'identity' | 'gzip' | 'zstd', signal: AbortSignal) => Promise<Received>;
  readonly drop: (contextId: string) => Promise<void>;
};

const readTemplate = async (folder: string): Promise<unknown> => {
  const text = await readFile(join(folder, 'template.json'), 'utf8').catch((error: unknown) => {
    throw new Fault(
      'context_invalid',
      'The context has no file "template.json" at its top. Pack it with: tar -C FOLDER -cf - .',
      {},
      { cause: error },
    );
  });
  try {
    // JSON.parse promises nothing about its result: it is judged as a template later.
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new Fault(
      'context_invalid',
      `template.json of the context is not JSON: ${error instanceof Error ? error.message : String(error)}`,
      {},
      { cause: error },
    );
  }
};

/** Keeps the archives that clients send, each unpacked in a folder of its own. */
export const makeContexts = (
  folders: Folders,
  ids: Ids,
  limits: { readonly files: number; readonly bytes: number },
): Contexts => {
  const drop = (contextId: string) => rm(folders.context(contextId), { recursive: true, force: true });
  return {
    drop,
    receive: async (body, encoding, signal) => {
      const contextId = ids.id();
      const folder = folders.context(contextId);
      const { digest } = await unpackContext({ body, encoding, folder, limits, signal }).catch(
        async (error: unknown) => {
          throw await behindFolders(asFault(error), folders.own, []);
        },
      );
      try {
        return { contextId, template: await readTemplate(folder), digest };
      } catch (error) {
        await drop(contextId);
        throw error;
      }
    },
  };
};
