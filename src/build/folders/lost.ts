import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { unlessErrno } from '../../base/errno.ts';

/**
 * Folders of builds that the store does not know: of builds that are newer than the backup it was restored from, say.
 * They are moved aside with the time, as 20261126T043200Z-ID, and deleted after a while. Nothing else deletes them, also
 * where the disk is full: what was lost by parse error is worth more than the next build.
 */
export type Lost = {
  readonly folder: string;
  /** Moves a build's folder here. Rejects, and leaves it where it is, when it lies on another file system. */
  readonly setAside: (path: string, now: number) => Promise<void>;
  /** Deletes what was moved here before this time (Unix ms); gives the number of folders. */
  readonly sweep: (before: number) => Promise<number>;
  /** MiB that it takes. */
  readonly sizeMb: () => Promise<number>;
};

const ours = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

const stampOf = (time: number): string => new Date(time).toISOString().replaceAll(/[-:]|\.\d+/g, '');

const timeIn = (name: string): number | undefined => {
  const [, year, month, day, hour, minute, second] = ours.exec(name) ?? [];
  return year === undefined ? undefined : Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
};

const orNone = async <T>(read: Promise<T>, none: T): Promise<T> => (await unlessErrno(read, 'ENOENT')) ?? none;

/** MiB of disk that the files below a folder take; one that goes meanwhile takes none. */
export const blocksMb = async (folder: string): Promise<number> => {
  const files = await orNone(readdir(folder, { recursive: true }), []);
  const sizes = await Promise.all(
    files.map(async (file) => (await orNone(stat(join(folder, file)), undefined))?.blocks ?? 0),
  );
  return Math.floor((sizes.reduce((sum, blocks) => sum + blocks, 0) * 512) / 2 ** 20);
};

export const makeLost = (folder: string): Lost => ({
  folder,
  setAside: async (path, now) => {
    await mkdir(folder, { recursive: true, mode: 0o750 });
    await rename(path, join(folder, `${stampOf(now)}-${basename(path)}`));
  },
  sweep: async (before) => {
    const names = await orNone(readdir(folder), []);
    const due = names.filter((name) => (timeIn(name) ?? Infinity) < before);
    for (const name of due) await rm(join(folder, name), { recursive: true, force: true });
    return due.length;
  },
  sizeMb: () => blocksMb(folder),
});
