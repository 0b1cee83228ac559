import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { temporarySuffix } from '../base/file/write-whole.ts';

const digest = '(?:(?:md5|sha1|sha512)-)?[0-9a-f]{32,128}';
const ours = new RegExp(`^(${digest})(\\.part)?$`);
const memo = new RegExp(`^(${digest}(?:\\.part)?)\\.json$`);

/** A file of the cache, or the part of one. */
export type CacheFile = {
  readonly name: string;
  readonly key: string;
  readonly bytes: number;
  readonly usedMs: number;
};

/** The files and parts in the folder, the least recently used first; each as large as it is, or as it is promised to be. */
export const listCache = async (folder: string, promised: (key: string) => number): Promise<readonly CacheFile[]> => {
  const names = (await readdir(folder)).filter((name) => ours.test(name));
  const looked = names.map(async (name) => {
    // Evicted meanwhile, it takes no room.
    const file = await stat(join(folder, name)).catch(() => undefined);
    const use = await stat(join(folder, `${name}.json`)).catch(() => file);
    const key = name.replace(/\.part$/, '');
    const usedMs = name.endsWith('.part') ? file?.mtimeMs : use?.mtimeMs;
    return { name, key, bytes: Math.max(file?.size ?? 0, promised(key)), usedMs: usedMs ?? 0 };
  });
  return (await Promise.all(looked)).toSorted((one, other) => one.usedMs - other.usedMs);
};

/** Makes the folder, and removes what a killed run left behind and cannot be resumed. */
export const prepareCache = async (folder: string): Promise<void> => {
  await mkdir(folder, { recursive: true, mode: 0o750 });
  const names = new Set(await readdir(folder));
  for (const name of names) {
    const [, base = ''] = memo.exec(name) ?? [];
    const isTemporary = name.endsWith(temporarySuffix) && memo.test(name.slice(0, -temporarySuffix.length));
    const isAlone = (base !== '' && !names.has(base)) || (/\.part$/.test(name) && !names.has(`${name}.json`));
    if (isTemporary || (isAlone && (base !== '' || ours.test(name)))) await rm(join(folder, name), { force: true });
  }
};
