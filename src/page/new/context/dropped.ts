import type { ContextFile } from './files.ts';

const fileOf = (entry: FileSystemFileEntry): Promise<File> =>
  new Promise((resolve, reject) => entry.file(resolve, reject));

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;

/** A reader gives some at a time, and none when it is done. */
const entriesOf = async (folder: FileSystemDirectoryEntry): Promise<readonly FileSystemEntry[]> => {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
};

/** Reads on until there are more than so many files: what the host would not take is not read to its end. */
const filesBelow = async (entry: FileSystemEntry, path: string, most: number, found: ContextFile[]): Promise<void> => {
  if (found.length > most) return;
  if (isFile(entry)) found.push({ path, content: await fileOf(entry) });
  if (!isFolder(entry)) return;
  for (const one of await entriesOf(entry))
    await filesBelow(one, path === '' ? one.name : `${path}/${one.name}`, most, found);
};

/** What was dropped onto the page: what a folder has, or the files themselves; not much more than `most` of them. */
export const droppedFiles = async (items: DataTransferItemList, most: number): Promise<readonly ContextFile[]> => {
  // After the first pause the list is empty.
  const entries = [...items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  const [first] = entries;
  const found: ContextFile[] = [];
  if (entries.length === 1 && first?.isDirectory === true) await filesBelow(first, '', most, found);
  else for (const entry of entries) await filesBelow(entry, entry.name, most, found);
  return found;
};

/** What was chosen as a folder, by paths in it. */
export const chosenFiles = (files: FileList): readonly ContextFile[] =>
  [...files].map((file) => ({
    path: file.webkitRelativePath.split('/').slice(1).join('/') || file.name,
    content: file,
  }));
