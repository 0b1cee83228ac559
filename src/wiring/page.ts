import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { PageFile, PageFiles } from '../api/page/types.ts';
import { isErrno } from '../base/errno.ts';
import { top } from '../base/package.ts';

/** What `npm run build` makes of src/page. */
const folder = new URL('dist/page/', top);

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
};

const namesOf = (): Promise<readonly string[]> =>
  readdir(folder).catch((error: unknown): string[] => {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  });

const readPage = async (): Promise<PageFiles> => {
  const names = await namesOf();
  const read = (name: string): Promise<Uint8Array> => readFile(new URL(name, folder));
  const files = names.flatMap((name) => {
    const type = types[extname(name)];
    return type === undefined ? [] : [{ name, type }];
  });
  const loaded = files.map(async ({ name, type }): Promise<readonly [string, PageFile]> => {
    const identity = await read(name);
    const digest = createHash('sha256').update(identity).digest('base64url');
    const coded = (ending: string) => (names.includes(`${name}.${ending}`) ? read(`${name}.${ending}`) : undefined);
    const [br, gzip] = await Promise.all([coded('br'), coded('gz')]);
    return [name, { type, digest, bytes: { identity, ...(br && { br }), ...(gzip && { gzip }) } }];
  });
  return new Map(await Promise.all(loaded));
};

/** The files of the page, read when a browser asks for the first of them: most requests are those of programs. */
export const makePage = (): (() => Promise<PageFiles>) => {
  let page: Promise<PageFiles> | undefined;
  return () =>
    (page ??= readPage().catch((error: unknown) => {
      page = undefined;
      throw error;
    }));
};
