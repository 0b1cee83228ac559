import { posix } from 'node:path';
import { quoted } from '../../../base/text/nearest.ts';
import { ParseError } from '../../../base/text/parse-error.ts';
import type { ContextFolder } from '../evaluate/scope.ts';
import { compileGlob } from '../glob.ts';
import { setOf } from '../values/compare.ts';
import type { Value } from '../values/value.ts';
import type { HclCall, FunctionTable } from './kind.ts';

/** The path of an argument below the context. Throws an HclError for one that leads out of it. */
export const pathAt = (call: HclCall, index: number): string => {
  const given = call.text(index);
  const path = posix.normalize(given);
  if (given === '' || path.startsWith('/') || path.startsWith('~') || path === '..' || path.startsWith('../'))
    call.refuse(
      index,
      `${quoted(given)} is no path within the context: name it relative to the folder of the template`,
    );
  return path.replace(/\/$/, '');
};

const folderOf = (call: HclCall): ContextFolder =>
  call.world.folder ?? call.refuse(0, 'a file is asked for, and no context was sent: send a tar with the files');

/** The bytes of the file that an argument names. */
const bytesAt = (call: HclCall, index: number): Uint8Array => {
  try {
    const bytes = folderOf(call).read(pathAt(call, index));
    call.world.budget.mayMake(call.at, bytes.byteLength);
    return bytes;
  } catch (error) {
    if (error instanceof ParseError) return call.refuse(index, error.message);
    throw error;
  }
};

/** The text of the file that an argument names. */
export const textAt = (call: HclCall, index: number): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytesAt(call, index));
  } catch (error) {
    if (error instanceof TypeError)
      return call.refuse(index, `${quoted(call.text(index))} is not UTF-8: use filebase64`);
    throw error;
  }
};

const fileSet = (call: HclCall): Value => {
  const [folder, glob] = [pathAt(call, 0), posix.normalize(call.text(1))];
  const pattern = compileGlob(glob);
  if ('why' in pattern) return call.refuse(1, pattern.why);
  const prefix = folder === '.' ? '' : `${folder}/`;
  const paths = folderOf(call)
    .list()
    .filter((path) => path.startsWith(prefix))
    .map((path) => path.slice(prefix.length));
  const found = paths.filter((path) => {
    call.world.budget.step(call.at, 1 + Math.ceil((pattern.steps * path.length) / 20));
    return pattern.matches(path, { most: 1 }).length > 0;
  });
  return setOf(found, call.at, call.world.budget);
};

// As Go has them: a path that ends with a slash lies in the folder that it names.
const baseOf = (path: string): string => posix.basename(path) || (path === '' ? '.' : '/');

const folderIn = (path: string): string => {
  const folder = posix.normalize(path.slice(0, path.lastIndexOf('/') + 1));
  return folder === '/' ? folder : folder.replace(/\/$/, '');
};

export const files: FunctionTable = {
  abspath: { takes: [1, 1], gives: (call) => pathAt(call, 0) },
  basename: { takes: [1, 1], gives: (call) => baseOf(call.text(0)) },
  dirname: { takes: [1, 1], gives: (call) => folderIn(call.text(0)) },
  file: { takes: [1, 1], gives: (call) => textAt(call, 0) },
  filebase64: { takes: [1, 1], gives: (call) => Buffer.from(bytesAt(call, 0)).toString('base64') },
  fileexists: { takes: [1, 1], gives: (call) => folderOf(call).has(pathAt(call, 0)) },
  fileset: { takes: [2, 2], gives: fileSet },
  pathexpand: { takes: [1, 1], gives: (call) => pathAt(call, 0) },
};
