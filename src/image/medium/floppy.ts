/**
 * A floppy of 1440 KB with files, in FAT12 (Microsoft, "FAT: General Overview of On-Disk Format", 1.03), with long names:
 * what Packer makes of `floppy_files`.
 */

import { longEntries, shortNames } from './fat-names.ts';
import { whyNoNames } from './names.ts';
import { foldersOf, nameOf, type MediumFile, type MediumFolder } from './tree.ts';

const sector = 512;
const sectors = 2880;
const sectorsOfFat = 9;
const rootEntries = 224;
const entryBytes = 32;
const rootAt = 1 + 2 * sectorsOfFat;
const clustersAt = rootAt + (rootEntries * entryBytes) / sector;
const clusters = sectors - clustersAt;

/** A file and what it holds. */
export type FloppyFile = MediumFile & { readonly bytes: Uint8Array };

type Folder = MediumFolder<MediumFile>;

const entriesOf = (name: string): number => 1 + longEntries(name, Buffer.alloc(11)).length;

const namesOf = (folder: Folder, folders: readonly Folder[]): readonly string[] => [
  ...folder.folders.map((at) => folders[at]?.name ?? ''),
  ...folder.files.map(({ path }) => nameOf(path)),
];

/** Bytes of a folder: beside its own entries, a label in the root, and elsewhere itself and its parent. */
const bytesOfFolder = (folder: Folder, folders: readonly Folder[]): number =>
  entryBytes * namesOf(folder, folders).reduce((sum, name) => sum + entriesOf(name), folder.name === '' ? 1 : 2);

const clustersOf = (bytes: number): number => Math.ceil(bytes / sector);

/** Why no floppy can be made of these files; undefined when one can. */
export const whyNoFloppy = (files: readonly MediumFile[]): string | undefined => {
  const why = whyNoNames(files);
  if (why !== undefined) return why;
  const [root, ...others] = foldersOf(files);
  const all = root === undefined ? others : [root, ...others];
  if (root !== undefined && bytesOfFolder(root, all) > rootEntries * entryBytes)
    return `holds more than the ${rootEntries} entries that there are in the root of a floppy: put files into folders`;
  const used = [...files.map(({ size }) => size), ...others.map((folder) => bytesOfFolder(folder, all))];
  const needed = used.reduce((sum, bytes) => sum + clustersOf(bytes), 0);
  return needed <= clusters
    ? undefined
    : `holds ${Math.ceil((needed * sector) / 1024)} KB, and a floppy has room for ${Math.floor((clusters * sector) / 1024)}`;
};

/** Days since 1980 and seconds by twos. */
const stampOf = (at: Date): { readonly time: number; readonly date: number } => ({
  time: (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1),
  date: ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate(),
});

const attributes = { file: 0x20, folder: 0x10, label: 0x08 } as const;

type Place = { readonly cluster: number; readonly bytes: number };

const entry = (short: Buffer, kind: keyof typeof attributes, { cluster, bytes }: Place, at: Date): Buffer => {
  const { time, date } = stampOf(at);
  const made = Buffer.alloc(entryBytes);
  short.copy(made);
  made[11] = attributes[kind];
  for (const [offset, value] of [
    [14, time],
    [16, date],
    [18, date],
    [22, time],
    [24, date],
    [26, cluster],
  ] as const)
    // prettier-ignore
    made.writeUInt16LE(value, offset);
  made.writeUInt32LE(kind === 'file' ? bytes : 0, 28);
  return made;
};

const inEleven = (text: string): Buffer => Buffer.from(text.padEnd(11).slice(0, 11), 'latin1');

/** The boot sector with what it says of the floppy, and no program. */
const bootSector = (label: string): Buffer => {
  const boot = Buffer.alloc(sector);
  boot.set([0xeb, 0x3c, 0x90]);
  boot.write('MSDOS5.0', 3, 'latin1');
  for (const [offset, value] of [
    [11, sector],
    [14, 1],
    [17, rootEntries],
    [19, sectors],
    [22, sectorsOfFat],
    [24, 18],
    [26, 2],
  ] as const)
    // prettier-ignore
    boot.writeUInt16LE(value, offset);
  boot[13] = 1; // sectors of a cluster
  boot[16] = 2; // FATs
  boot[21] = 0xf0;
  boot[38] = 0x29;
  boot.writeUInt32LE(0x696d6764, 39);
  inEleven(label).copy(boot, 43);
  boot.write('FAT12   ', 54, 'latin1');
  boot.set([0x55, 0xaa], 510);
  return boot;
};

/** Gives out clusters, each file's one after the other, and keeps the table of them: 12 bits each. */
const makeTable = () => {
  const table = Buffer.alloc(sectorsOfFat * sector);
  const set = (cluster: number, value: number) => {
    const at = cluster + (cluster >> 1);
    const [low = 0, high = 0] = [table[at], table[at + 1]];
    const both = low | (high << 8);
    const next = cluster % 2 === 0 ? (both & 0xf000) | value : (both & 0x000f) | (value << 4);
    table.writeUInt16LE(next, at);
  };
  let free = 2;
  set(0, 0xff0);
  set(1, 0xfff);
  const take = (bytes: number): Place => {
    const count = clustersOf(bytes);
    if (count === 0) return { cluster: 0, bytes };
    const place = { cluster: free, bytes };
    for (let left = count; left > 0; left--) set(free++, left === 1 ? 0xfff : free);
    return place;
  };
  return { table, take };
};

/** The image of a floppy with a volume label of at most 11 characters. Throws a RangeError for what `whyNoFloppy` names. */
export const floppyOf = (label: string, files: readonly FloppyFile[], time: Date): Uint8Array => {
  const why = whyNoFloppy(files);
  if (why !== undefined) throw new RangeError(`A floppy ${why}.`);
  const folders = foldersOf(files);
  const { table, take } = makeTable();
  const image = Buffer.alloc(sectors * sector);
  const put = (bytes: Uint8Array, { cluster }: Place) => image.set(bytes, cluster === 0 ? rootAt * sector : (clustersAt + cluster - 2) * sector); // prettier-ignore
  const root: Place = { cluster: 0, bytes: 0 };
  const places = folders.map((folder) => (folder.name === '' ? root : take(bytesOfFolder(folder, folders))));
  for (const [at, folder] of folders.entries()) {
    const short = shortNames(namesOf(folder, folders));
    const named = (name: string, kind: 'file' | 'folder', place: Place): readonly Buffer[] => {
      const eleven = short.get(name) ?? inEleven(name);
      return [...longEntries(name, eleven), entry(eleven, kind, place, time)];
    };
    const inside = [
      ...folder.folders.flatMap((child) => named(folders[child]?.name ?? '', 'folder', places[child] ?? root)),
      ...folder.files.flatMap((file) => {
        const place = take(file.size);
        if (file.size > 0) put(file.bytes, place);
        return named(nameOf(file.path), 'file', place);
      }),
    ];
    const own = places[at] ?? root;
    const first =
      at === 0
        ? [entry(inEleven(label), 'label', root, time)]
        : [
            entry(inEleven('.'), 'folder', own, time),
            entry(inEleven('..'), 'folder', places[folder.parent] ?? root, time),
          ];
    put(Buffer.concat([...first, ...inside]), own);
  }
  image.set(bootSector(label));
  for (const copy of [0, 1]) image.set(table, (1 + copy * sectorsOfFat) * sector);
  return image;
};
