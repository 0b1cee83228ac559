/**
 * A CD of files, as ECMA-119 has it: one tree of folders with the names of Rock Ridge, another with Joliet's, and the files
 * behind both, one extent each.
 */

import { joliet, rockRidge, type Naming } from './cd-names.ts';
import { both16, both32, descriptorTime, noTime, number16, number32, record, recordTime, type CdExtent, type Order } from './cd-records.ts'; // prettier-ignore
import { whyNoNames } from './names.ts';
import { foldersOf, nameOf, type MediumFile, type MediumFolder } from './tree.ts';

const sector = 2048;
/** The first 16 sectors are the system's (ECMA-119, 6.2.1); two descriptors and their terminator follow. */
const descriptorsAt = 16;
const treesAt = descriptorsAt + 3;

// Less than one extent can be long, and than any CD's reader takes.
const mostBytes = 4 * 1000 * 1024 * 1024;

/** Sectors of a file. An empty one has a sector too: some readers want a place that is there. */
const sectorsOf = (bytes: number): number => Math.max(1, Math.ceil(bytes / sector));

type Folders = readonly MediumFolder<MediumFile>[];

/** Records one after the other, none over the edge of a sector (ECMA-119, 6.8.1.1). */
const packed = (records: readonly Buffer[]): Buffer => {
  const parts: Buffer[] = [];
  let length = 0;
  const pad = (bytes: number) => {
    parts.push(Buffer.alloc(bytes));
    length += bytes;
  };
  for (const one of records) {
    const left = sector - (length % sector);
    if (one.length > left) pad(left);
    parts.push(one);
    length += one.length;
  }
  pad((sector - (length % sector)) % sector);
  return Buffer.concat(parts);
};

/** Where everything lies: each folder of a tree by its number, each file by its path. */
type Places = { readonly folders: readonly CdExtent[]; readonly files: ReadonlyMap<string, CdExtent> };

const nowhere: CdExtent = { at: 0, bytes: 0, kind: 'folder' };

const folderBytes = (folders: Folders, at: number, naming: Naming, places: Places, time: Buffer): Buffer => {
  const own = folders[at];
  const folder = places.folders[at] ?? nowhere;
  const parent = places.folders[own?.parent ?? 0] ?? nowhere;
  const dot = record(folder, Buffer.from([0]), time, [...(at === 0 ? naming.root : []), ...naming.system('', 'folder')]); // prettier-ignore
  const dots = record(parent, Buffer.from([1]), time, naming.system('', 'folder'));
  const inside = [
    ...(own?.folders ?? []).map((child) => ({ name: folders[child]?.name ?? '', extent: places.folders[child] ?? nowhere })), // prettier-ignore
    ...(own?.files ?? []).map(({ path }) => ({ name: nameOf(path), extent: places.files.get(path) ?? nowhere })),
  ];
  const counts = { folder: 0, file: 0 };
  const named = inside.map(({ name, extent }) => {
    const { kind } = extent;
    const identifier = naming.identifier(name, kind, counts[kind]++);
    return { identifier, bytes: record(extent, identifier, time, naming.system(name, kind)) };
  });
  const ordered = named.sort((one, other) => Buffer.compare(one.identifier, other.identifier));
  return packed([dot, dots, ...ordered.map(({ bytes }) => bytes)]);
};

/** The table of folders (ECMA-119, 9.4). */
const pathTable = (folders: Folders, naming: Naming, { folders: extents }: Places, order: Order): Buffer =>
  Buffer.concat(
    folders.map(({ name, parent }, at) => {
      const index = folders[parent]?.folders.indexOf(at) ?? 0;
      const identifier = at === 0 ? Buffer.from([0]) : naming.identifier(name, 'folder', index);
      return Buffer.concat([
        ...[Buffer.from([identifier.length, 0]), number32(extents[at]?.at ?? 0, order), number16(parent + 1, order)],
        ...[identifier, Buffer.alloc(identifier.length % 2)],
      ]);
    }),
  );

const inSectors = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(sectorsOf(bytes.length) * sector - bytes.length)]); // prettier-ignore

/** One tree, its path tables first, which begins at a sector. */
const treeAt = (folders: Folders, naming: Naming, at: number, files: Places['files'], time: Buffer) => {
  const unplaced: Places = { folders: folders.map(() => nowhere), files };
  const tableBytes = pathTable(folders, naming, unplaced, 'little').length;
  let next = at + 2 * sectorsOf(tableBytes);
  const extents = folders.map((_, index): CdExtent => {
    const { length } = folderBytes(folders, index, naming, unplaced, time);
    const extent = { at: next, bytes: length, kind: 'folder' as const };
    next += length / sector;
    return extent;
  });
  const places = { folders: extents, files };
  const tables = (['little', 'big'] as const).map((order) => inSectors(pathTable(folders, naming, places, order)));
  const bytes = Buffer.concat([
    ...tables,
    ...folders.map((_, index) => folderBytes(folders, index, naming, places, time)),
  ]);
  return { bytes, end: next, tableBytes, tableAt: at, root: extents[0] ?? nowhere };
};

/** A volume descriptor (ECMA-119, 8.4 and 8.5). */
const descriptor = (
  naming: Naming,
  tree: ReturnType<typeof treeAt>,
  label: string,
  sectors: number,
  time: Date,
): Buffer =>
  // prettier-ignore
  Buffer.concat([
    ...[Buffer.from([naming.type]), Buffer.from('CD001'), Buffer.from([1, 0])],
    ...[naming.text('', 32), naming.text(label, 32), Buffer.alloc(8), both32(sectors), naming.escapes],
    ...[both16(1), both16(1), both16(sector), both32(tree.tableBytes)],
    ...[number32(tree.tableAt, 'little'), Buffer.alloc(4)],
    ...[number32(tree.tableAt + sectorsOf(tree.tableBytes), 'big'), Buffer.alloc(4)],
    record(tree.root, Buffer.from([0]), recordTime(time), []),
    ...[naming.text('', 128), naming.text('', 128), naming.text('', 128), naming.text('', 128)],
    ...[naming.text('', 37), naming.text('', 37), naming.text('', 37)].map((text) => Buffer.concat([text, Buffer.alloc(37 - text.length)])), // prettier-ignore
    ...[descriptorTime(time), descriptorTime(time), noTime, noTime, Buffer.from([1])],
  ]);

const terminator = Buffer.concat([Buffer.from([255]), Buffer.from('CD001'), Buffer.from([1])]);

/** Why no CD can be made of these files; undefined when one can. */
export const whyNoCd = (files: readonly MediumFile[]): string | undefined => {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  return bytes > mostBytes ? `holds ${Math.ceil(bytes / 1024 ** 2)} MB, and a CD takes 4000` : whyNoNames(files);
};

export type CdPlan<F extends MediumFile> = {
  /** All that comes before the files. */
  readonly head: Uint8Array;
  /** The files in the order in which they follow, each filled up with zeros by `padding`. */
  readonly files: readonly F[];
};

/** The zeros behind a file, up to the next sector. */
export const padding = ({ size }: MediumFile): Uint8Array => Buffer.alloc(sectorsOf(size) * sector - size);

/** Lays out a CD with a volume label. Throws a RangeError for what `whyNoCd` names. */
export const planCd = <F extends MediumFile>(label: string, files: readonly F[], time: Date): CdPlan<F> => {
  const why = whyNoCd(files);
  if (why !== undefined) throw new RangeError(`A CD ${why}.`);
  const folders = foldersOf(files);
  const ordered = folders.flatMap((folder) => folder.files);
  const stamp = recordTime(time);
  /** Both trees; as long as they are, wherever the files lie. */
  const trees = (places: Places['files']) => {
    const first = treeAt(folders, rockRidge, treesAt, places, stamp);
    return [first, treeAt(folders, joliet, first.end, places, stamp)] as const;
  };
  const unplaced = new Map(ordered.map(({ path, size }) => [path, { at: 0, bytes: size, kind: 'file' as const }]));
  let at = trees(unplaced)[1].end;
  const places = new Map<string, CdExtent>();
  for (const { path, size } of ordered) {
    places.set(path, { at, bytes: size, kind: 'file' });
    at += sectorsOf(size);
  }
  const [plain, wide] = trees(places);
  const head = Buffer.concat([
    Buffer.alloc(descriptorsAt * sector),
    inSectors(descriptor(rockRidge, plain, label, at, time)),
    inSectors(descriptor(joliet, wide, label, at, time)),
    ...[inSectors(terminator), plain.bytes, wide.bytes],
  ]);
  return { head, files: ordered };
};

/** The whole image of a CD of a few small files. Throws a RangeError as `planCd` does. */
export const cdOf = (
  label: string,
  files: readonly { readonly name: string; readonly bytes: Uint8Array }[],
  time: Date,
): Uint8Array => {
  const named = files.map(({ name, bytes }) => ({ path: name, size: bytes.byteLength, bytes }));
  const { head, files: ordered } = planCd(label, named, time);
  return Buffer.concat([head, ...ordered.flatMap((file) => [file.bytes, padding(file)])]);
};
