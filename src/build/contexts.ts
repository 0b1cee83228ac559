import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { unlessErrno } from '../base/errno.ts';
import { asFault, Fault } from '../base/fault.ts';
import type { Ids } from '../base/ids.ts';
import { readJson } from '../base/json/json-text.ts';
import { turn } from '../base/turns.ts';
import { unpackContext } from '../context/context.ts';
import type { Folders } from './folders/folders.ts';
import { behindFolders } from './folders/own-folders.ts';

/** A context that was received. */
export type Received = {
  /** The name of its folder. */
  readonly contextId: string;
  /** What its template.json says. */
  readonly template: unknown;
  /** What its variables.json says, if there is one. The file is in no context that is kept: its values are secrets. */
  readonly variables?: { readonly file: `${string}.json`; readonly values: unknown };
  /** Of all its files. */
  readonly digest: string;
};

const templateName = 'template.json';
const variablesName = 'variables.json';

export type Contexts = {
  /** Unpacks an archive into a new context. Throws `context_invalid`, `too_large`, `storage_full`; then nothing is left. */
  readonly receive: (body: Readable, encoding: 'identity' | 'gzip' | 'zstd', signal: AbortSignal) => Promise<Received>;
  /** Deletes a context that nothing refers to. */
  readonly drop: (contextId: string) => Promise<void>;
};

const parse = async (bytes: Buffer, mostBytes: number, name: string): Promise<unknown> => {
  await turn();
  const document = readJson({ bytes, mostBytes, name: `${name} of the context`, code: 'context_invalid' });
  if (document === undefined) throw new Fault('context_invalid', `${name} of the context is empty.`);
  return document;
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
  return parse(bytes, mostBytes, templateName);
};

const takeVariables = async (folder: string, mostBytes: number): Promise<Pick<Received, 'variables'>> => {
  const path = join(folder, variablesName);
  const bytes = await unlessErrno(readFile(path), 'ENOENT', 'EISDIR');
  if (bytes === undefined) return {};
  await rm(path);
  return { variables: { file: variablesName, values: await parse(bytes, mostBytes, variablesName) } };
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
        limits: {
          ...limits,
          fileBytes: { [templateName]: limits.templateBytes, [variablesName]: limits.templateBytes },
        },
        signal,
      }).catch(async (error: unknown) => {
        throw await behindFolders(asFault(error), folders.own, []);
      });
      try {
        const { templateBytes } = limits;
        const variables = await takeVariables(folder, templateBytes);
        return { contextId, template: await readTemplate(folder, templateBytes), ...variables, digest };
      } catch (error) {
        await drop(contextId);
        throw error;
      }
    },
  };
};
