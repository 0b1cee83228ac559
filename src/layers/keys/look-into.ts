import { errnoOf } from '../../base/errno.ts';
import type { FileRef, ImageRef, RuntimeName } from '../../template/spec.ts';
import { NotRead, type FileDigests } from './file-digests.ts';

/** A value of a part, by what people call it. */
export type Named = readonly [what: string, value: unknown];

/** A file that goes into a part, by what the template calls it. */
export type FileIn = { readonly shown: string; readonly digest: string };

/** What is found in the values of a part. */
export type LookedInto = {
  /** The values as plain data: each file by its name alone. */
  readonly plain: readonly Named[];
  readonly files: readonly FileIn[];
  /** Values of the machine that are put in when it runs. */
  readonly runtimes: ReadonlySet<RuntimeName>;
  /** Which of the names that are looked for stand in its texts and files. */
  readonly names: ReadonlySet<string>;
  /** What can be compared with nothing, such as a file that is not fetched yet, and why. */
  readonly unknown: readonly string[];
  /** Files that were not read, for the caller does not wait so long. */
  readonly unread: readonly string[];
};

const isRef = (value: object): value is FileRef & Partial<ImageRef> =>
  'path' in value && 'shown' in value && typeof value.path === 'string' && typeof value.shown === 'string';

const isRuntime = (value: object): value is { readonly runtime: RuntimeName } =>
  'runtime' in value && typeof value.runtime === 'string' && 'apply' in value;

const isImage = (value: object): boolean => 'virtualMb' in value;

/** Whether all that is in a value is seen by its entries. */
const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

type Found = {
  /** The digests of a file by its name: an image may be read with and without what lies beneath it. */
  readonly files: Map<string, Set<string>>;
  readonly runtimes: Set<RuntimeName>;
  readonly names: Set<string>;
  readonly unknown: string[];
  readonly unread: string[];
};

type Reading = {
  readonly digests: Pick<FileDigests, 'read' | 'readImage'>;
  readonly names: readonly string[];
};

const addFile = ({ files }: Found, shown: string, digest: string): void => {
  const digests = files.get(shown) ?? new Set();
  files.set(shown, digests.add(digest));
};

const tellUnread = ({ unknown, unread }: Found, shown: string, error: unknown): void => {
  const code = errnoOf(error);
  if (error instanceof NotRead && error.why === 'too much') unread.push(`${shown}, which was not read lately`);
  else if (error instanceof NotRead) unknown.push(`${shown}, which cannot be compared: ${error.message}`);
  else if (code !== undefined) unknown.push(`${shown}, which cannot be read (${code})`);
  else throw error;
};

/** What a file is known by: its checksum where it is fetched by one, else its content. */
const lookAtFile = async (
  ref: FileRef & Partial<ImageRef>,
  { digests }: Reading,
  found: Found,
  signal: AbortSignal,
): Promise<void> => {
  const { path, shown, wanted } = ref;
  if (wanted !== undefined && 'hex' in wanted.checksum)
    return addFile(found, shown, `${wanted.checksum.algorithm}:${wanted.checksum.hex}`);
  if (!path.startsWith('/'))
    return void found.unknown.push(`${shown}, whose content is not known before it is fetched`);
  try {
    const read = await (isImage(ref) ? digests.readImage(path, signal) : digests.read(path, signal));
    addFile(found, shown, read.digest);
    for (const name of read.names) found.names.add(name);
  } catch (error) {
    signal.throwIfAborted();
    tellUnread(found, shown, error);
  }
};

/** Makes plain data of a value, and notes what is found on the way. */
const plainOf = async (value: unknown, reading: Reading, found: Found, signal: AbortSignal): Promise<unknown> => {
  if (typeof value === 'string') {
    for (const name of reading.names) if (value.includes(name)) found.names.add(name);
    return value;
  }
  if (typeof value === 'bigint' || typeof value === 'function' || typeof value === 'symbol') {
    found.unknown.push(`a ${typeof value}, which cannot be compared`);
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const plain: unknown[] = [];
    for (const one of value) plain.push(await plainOf(one, reading, found, signal));
    return plain;
  }
  if (!isPlain(value)) {
    found.unknown.push(`a ${value.constructor.name}, which cannot be compared`);
    return undefined;
  }
  if (isRuntime(value)) found.runtimes.add(value.runtime);
  if (isRef(value)) await lookAtFile(value, reading, found, signal);
  const rest: [string, unknown][] = [];
  for (const [key, one] of Object.entries(value)) {
    // Where a file lies on this host is not part of what it is, nor where it may be fetched from.
    if (isRef(value) && (key === 'path' || key === 'wanted')) continue;
    rest.push([key, await plainOf(one, reading, found, signal)]);
  }
  // Keys of clients: by assignment, `__proto__` would be lost.
  return Object.fromEntries(rest);
};

/** Looks into the values of a part, and reads its files. `names` are those that `digests` looks for. */
export const lookInto = async (
  values: readonly Named[],
  reading: Reading,
  signal: AbortSignal,
): Promise<LookedInto> => {
  const found: Found = { files: new Map(), runtimes: new Set(), names: new Set(), unknown: [], unread: [] };
  const plain: Named[] = [];
  for (const [what, value] of values) plain.push([what, await plainOf(value, reading, found, signal)]);
  const files = [...found.files].map(([shown, digests]) => ({ shown, digest: [...digests].sort().join(' ') }));
  return { ...found, plain, files };
};
