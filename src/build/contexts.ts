import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { asFault, Fault } from '../base/fault.ts';
import type { Ids } from '../base/ids.ts';
import { readJson } from '../base/json/json-text.ts';
import { turn } from '../base/turns.ts';
import { unpackContext } from '../context/context.ts';
import type { Folders } from './folders/folders.ts';
import { behindFolders } from './folders/own-folders.ts';

/** A context that was received: its folder's name, what its template.json says, and the digest of all its files. */
export type Received = { readonly contextId: string; readonly template: unknown; readonly digest: string };

const templateName = 'template.json';

export type Contexts = {
  /** Unpacks an archive into a new context. Throws `context_invalid`, `too_large`, `storage_full`; then nothing is left. */
  readonly receive: (body: Readable, encoding: 'identity' | 'gzip' | 'zstd', signal: AbortSignal) => Promise<Received>;
  /** Deletes a context that nothing refers to. */
  readonly drop: (contextId: string) => Promise<void>;
};

const readTemplate = async (folder: string, mostBytes: number): Promise<unknown> => {
  // What was too large was refused before it was unpacked.
  const bytes = await readFile(join(folder, templateName)).catch((error: unknown) => {
    throw new Fault(
      'context_invalid',
      `The context has no file "${templateName}" at its top. Pack it with: tar -C FOLDER -cf - .`,
      {},
      { cause: error },
    );
  });
  await turn();
  const document = readJson({ bytes, mostBytes, name: `${templateName} of the context`, code: 'context_invalid' });
  if (document === undefined) throw new Fault('context_invalid', `${templateName} of the context is empty.`);
  return document;
};

/** Keeps the archives that clients send, each unpacked in a folder of its own. */
export const makeContexts = (
  folders: Folders,
  ids: Ids,
  limits: { readonly files: number; readonly bytes: number; readonly templateBytes: number },
): Contexts => {
  const drop = (contextId: string) => rm(folders.context(contextId), { recursive: true, force: true });
  return {
    drop,
    receive: async (body, encoding, signal) => {
      const contextId = ids.id();
      const folder = folders.context(contextId);
      const { digest } = await unpackContext({
        body,
        encoding,
        folder,
        limits: { ...limits, fileBytes: { [templateName]: limits.templateBytes } },
        signal,
      }).catch(async (error: unknown) => {
        throw await behindFolders(asFault(error), folders.own, []);
      });
      try {
        return { contextId, template: await readTemplate(folder, limits.templateBytes), digest };
      } catch (error) {
        await drop(contextId);
        throw error;
      }
    },
  };
};
