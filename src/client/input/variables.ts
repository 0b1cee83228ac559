import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readDocument } from '../../base/document/document.ts';
import { unlessErrno } from '../../base/errno.ts';
import { Fault } from '../../base/fault.ts';
import { pairFrom } from '../args/numbers.ts';
import { usageError } from '../client-error.ts';
import { systemReason } from '../../base/system-words.ts';

export type GivenVariables = Readonly<Record<string, unknown>>;

/** The file of a folder that gives variables their values. It is read and deleted by the daemon, and in no address. */
export const variablesFile = 'variables.json';

const mostBytes = 4 * 1024 * 1024;

const isTable = (value: unknown): value is GivenVariables =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const tableIn = async (bytes: Buffer, file: string): Promise<GivenVariables> => {
  if (/\.pkrvars\.hcl$/i.test(file)) throw usageError(`${file} is HCL, and values are read from JSON and YAML here: put it into the folder as NAME.auto.pkrvars.hcl, where the daemon reads it.`); // prettier-ignore
  const form = /\.json$/i.test(file) ? 'JSON' : 'YAML';
  try {
    const value = await readDocument({ bytes, form, name: file, code: 'invalid_input', mostBytes });
    if (value === undefined) return {};
    if (isTable(value)) return value;
  } catch (error) {
    if (error instanceof Fault) throw usageError(error.message);
    throw error;
  }
  throw usageError(`${file} is to be an object of names and values.`);
};

const readTable = async (file: string): Promise<GivenVariables> => {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw usageError(`${file} cannot be read: ${systemReason(error)}`);
  });
  return tableIn(bytes, file);
};

/** The values of files and of the command line; what comes later holds. Throws `usage`. */
export const readVariables = async (
  files: readonly string[] = [],
  pairs: readonly string[] = [],
): Promise<GivenVariables> => {
  const tables = await Promise.all(files.map(readTable));
  return Object.fromEntries([
    ...tables.flatMap(Object.entries<GivenVariables[string]>),
    ...pairs.map((pair) => pairFrom(pair, '-v')),
  ]);
};

/** The same over what the folder says itself. */
export const overFolder = async (folder: string, variables: GivenVariables): Promise<GivenVariables> => {
  const file = join(folder, variablesFile);
  const bytes = await unlessErrno(readFile(file), 'ENOENT');
  return bytes === undefined ? variables : { ...(await tableIn(bytes, file)), ...variables };
};
