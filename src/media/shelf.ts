import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { syncFolder } from '../base/file/sync-folder.ts';
import { writeWhole } from '../base/file/write-whole.ts';
import { Id } from '../base/ids.ts';
import { kindOfFile, mediumKinds } from './kind.ts';

const Medium = z.strictObject({
  id: Id,
  name: z.string(),
  /** The name of the token that it came with. */
  by: z.string(),
  bytes: z.int(),
  digests: z.strictObject({ md5: z.string(), sha1: z.string(), sha256: z.string(), sha512: z.string() }),
  /** Unix milliseconds. */
  uploadedAt: z.int(),
  kind: z.enum(mediumKinds),
});

/** An upload: its digests are in lower-case hexadecimal. */
export type Medium = Readonly<z.output<typeof Medium>>;

/** Where uploads lie: each in a folder of its own, `ID/image` and `ID/about.json`; what is on its way in `ID.part`. */
export type MediaShelf = {
  /** The newest of each name, by name. */
  readonly newest: () => readonly Medium[];
  readonly all: () => readonly Medium[];
  readonly replaced: () => readonly Medium[];
  readonly pathOf: (medium: Medium) => string;
  /** A place for the bytes of an upload, which is then kept or dropped. */
  readonly begin: (id: string) => Promise<{
    readonly path: string;
    readonly keep: (about: Omit<Medium, 'kind'>) => Promise<Medium>;
    readonly drop: () => Promise<void>;
  }>;
  readonly remove: (medium: Medium) => Promise<void>;
};

const readAbout = async (folder: string, id: string): Promise<Medium | undefined> => {
  try {
    return Medium.parse(JSON.parse(await readFile(join(folder, id, 'about.json'), 'utf8')));
  } catch {
    // Cut off while it was deleted.
    return undefined;
  }
};

/** Reads what is there, and removes what a killed run left half received or half deleted. */
const readShelf = async (folder: string): Promise<Map<string, Medium>> => {
  const media = new Map<string, Medium>();
  await mkdir(folder, { recursive: true, mode: 0o750 });
  for (const name of (await readdir(folder)).toSorted()) {
    const id = name.replace(/\.part$/, '');
    if (!Id.safeParse(id).success) continue;
    const about = id === name ? await readAbout(folder, id) : undefined;
    if (about === undefined) await rm(join(folder, name), { recursive: true, force: true });
    else media.set(id, about);
  }
  return media;
};

export const openShelf = async (folder: string): Promise<MediaShelf> => {
  const media = await readShelf(folder);
  // Ids sort by time, so the last of a name is the newest.
  const byName = () =>
    new Map([...media.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1)).map((one) => [one.name, one]));
  const all = () => [...media.values()];

  const remove = async ({ id }: Medium) => {
    media.delete(id);
    // Without its description it is nothing that a later run would take up.
    await rm(join(folder, id, 'about.json'), { force: true });
    await rm(join(folder, id), { recursive: true, force: true });
  };
  return {
    newest: () => [...byName().values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    all,
    replaced: () => {
      const newest = byName();
      return all().filter(({ id, name }) => newest.get(name)?.id !== id);
    },
    pathOf: ({ id }) => join(folder, id, 'image'),
    begin: async (id) => {
      const part = join(folder, `${id}.part`);
      await mkdir(part, { mode: 0o750 });
      return {
        path: join(part, 'image'),
        keep: async (about) => {
          const medium = { ...about, kind: await kindOfFile(join(part, 'image')) };
          await writeWhole(join(part, 'about.json'), JSON.stringify(medium));
          await rename(part, join(folder, id));
          await syncFolder(folder);
          media.set(id, medium);
          return medium;
        },
        drop: () => rm(part, { recursive: true, force: true }),
      };
    },
    remove,
  };
};
