import { readFile, rm, stat } from 'node:fs/promises';
import { diskFormatOf } from '../../base/media-type.ts';
import type { TarFile } from '../../image/archive/tar-of-files.ts';
import { openDisk } from '../../image/disk/open-disk.ts';
import { vmdkOf } from '../../image/disk/vmdk.ts';
import { writeHashed } from '../../image/write-hashed.ts';
import type { FileRef } from '../../template/spec.ts';
import type { ArtifactDraft, Tools } from '../kind.ts';
import { imageName, metadataOf } from './metadata.ts';
import { ovfOf } from './ovf.ts';
import type { Provider } from './providers.ts';
import { vagrantfileOf } from './vagrantfile.ts';

type Settings = {
  readonly architecture: string;
  readonly included: readonly (FileRef & { readonly name: string })[];
  readonly vagrantfile?: FileRef;
};

type Box = { readonly provider: Provider; readonly name: string };

/** What a box is packed of; what was made for it alone goes with it. */
export type BoxFiles = AsyncDisposable & {
  readonly list: readonly TarFile[];
  /** Bytes of disks that have been read so far, and that will have been read when it is packed. */
  readonly readBytes: number;
  readonly allBytes: number;
};

const open = (disk: ArtifactDraft) => openDisk(disk.from, diskFormatOf(disk.mediaType) ?? 'raw');

const sizeOf = async (disk: ArtifactDraft): Promise<number> => {
  await using reader = await open(disk);
  return reader.size;
};

const fileBytes = async (path: string): Promise<number> => (await stat(path)).size;

type Parts = {
  readonly list: readonly TarFile[];
  readonly made: readonly string[];
  readonly readBytes: number;
};

/** The disks as they are. */
const forLibvirt = (disks: readonly ArtifactDraft[]): Parts => ({
  list: disks.map(({ from }, index) => ({ name: imageName(index, disks.length), path: from })),
  ...{ made: [], readBytes: 0 },
});

/** Each disk as a VMDK, and the machine that has them. */
const forVirtualbox = async (disks: readonly ArtifactDraft[], name: string, tools: Tools): Promise<Parts> => {
  const { newFile, signal, progress, build } = tools;
  const vmdks: { file: string; path: string; bytes: number; fileBytes: number }[] = [];
  let readBytes = 0;
  for (const [index, disk] of disks.entries()) {
    await using reader = await open(disk);
    const file = `box-disk${String(index + 1).padStart(3, '0')}.vmdk`;
    const path = newFile('vmdk');
    const bytes = vmdkOf(reader, file, signal, (read) => progress(name, readBytes + read));
    const { size } = await writeHashed(path, bytes, undefined, signal);
    vmdks.push({ file, path, bytes: reader.size, fileBytes: size });
    readBytes += reader.size;
  }
  const { memoryMb, cpus } = build;
  const ovf = ovfOf({ name: build.templateName, memoryMb, cpus, disks: vmdks });
  return {
    list: [{ name: 'box.ovf', text: ovf }, ...vmdks.map(({ file, path }) => ({ name: file, path }))],
    made: vmdks.map(({ path }) => path),
    readBytes,
  };
};

/** What goes into a box, in its order: the small files first, so that a reader finds them at once. */
export const filesOfBox = async (
  { architecture, included, vagrantfile }: Settings,
  { provider, name }: Box,
  disks: readonly ArtifactDraft[],
  tools: Tools,
): Promise<BoxFiles> => {
  const sizes = await Promise.all(disks.map(sizeOf));
  const parts = provider === 'virtualbox' ? await forVirtualbox(disks, name, tools) : forLibvirt(disks);
  const own = vagrantfile === undefined ? undefined : await readFile(vagrantfile.path, 'utf8');
  const list = [
    { name: 'metadata.json', text: metadataOf(provider, architecture, sizes) },
    { name: 'Vagrantfile', text: vagrantfileOf(provider, tools.build.templateName, own) },
    ...included.map((file) => ({ name: file.name, path: file.path })),
    ...parts.list,
  ];
  const packed = await Promise.all(list.flatMap((file) => ('path' in file ? [fileBytes(file.path)] : [])));
  return {
    list,
    readBytes: parts.readBytes,
    allBytes: parts.readBytes + packed.reduce((sum, bytes) => sum + bytes, 0),
    [Symbol.asyncDispose]: async () => {
      for (const path of parts.made) await rm(path, { force: true });
    },
  };
};
