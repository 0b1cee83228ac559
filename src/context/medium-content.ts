import { lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { quoted } from '../base/text/nearest.ts';
import { ParseError } from '../base/text/parse-error.ts';
import type { MediumEntry } from '../template/spec.ts';

/** A file for a medium: its path there, its size, and its text or its place on this host. */
export type MediumContent = { readonly path: string; readonly size: number } & (
  | { readonly bytes: Uint8Array }
  | { readonly file: string }
);

// More than any medium takes: a folder is not listed to its end for nothing.
const mostFiles = 5000;

const joined = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join('/');

/** All files of a folder. Throws a ParseError for what is neither a file nor a folder: a link may lead anywhere. */
const filesBelow = (root: string, below: string, found: MediumContent[], to: string): void => {
  for (const name of readdirSync(join(root, below)).sort()) {
    const path = joined(below, name);
    const kind = lstatSync(join(root, path));
    if (kind.isDirectory()) filesBelow(root, path, found, to);
    else if (kind.isFile()) found.push({ path: joined(to, path), size: kind.size, file: join(root, path) });
    else throw new ParseError(`holds ${quoted(path)}, which is neither a file nor a folder`);
    if (found.length > mostFiles) throw new ParseError(`holds more than ${mostFiles} files`);
  }
};

/** What the entries of a medium come to, file by file. Throws a ParseError. */
export const contentOf = (entries: readonly MediumEntry[]): readonly MediumContent[] => {
  const found: MediumContent[] = [];
  for (const entry of entries) {
    const { path } = entry;
    if ('text' in entry) {
      const bytes = Buffer.from(entry.text);
      found.push({ path, size: bytes.length, bytes });
    } else if ('file' in entry) found.push({ path, size: statSync(entry.file.path).size, file: entry.file.path });
    else filesBelow(entry.folder.path, '', found, path);
  }
  return found;
};
