import type { FileRef, ImageRef, RuntimeName } from '../../template/spec.ts';
import type { FileDigests } from './file-digests.ts';

/** A file that goes into a part, by what the template calls it. */
export type FileIn = { readonly shown: string; readonly digest: string };

/** What is found in the values of a part. */
export type LookedInto = {
  /** The values as plain data: each file by its name alone. */
  readonly plain: unknown;
  readonly files: readonly FileIn[];
  /** Values of the machine that are put in when it runs. */
  readonly runtimes: ReadonlySet<RuntimeName>;
  /** Which of the names that are looked for stand in its texts and files. */
  readonly names: ReadonlySet<string>;
  /** Files whose content is not known before they are fetched. */
  readonly unknown: readonly string[];
};

const isRef = (value: object): value is FileRef & Partial<ImageRef> =>
  'path' in value && 'shown' in value && typeof value.path === 'string' && typeof value.shown === 'string';

const isRuntime = (value: object): value is { readonly runtime: RuntimeName } =>
  'runtime' in value && typeof value.runtime === 'string' && 'apply' in value;

const isImage = (value: object): boolean => 'virtualMb' in value;

type Found = {
  readonly files: Map<string, string>;
  readonly runtimes: Set<RuntimeName>;
  readonly names: Set<string>;
  readonly unknown: string[];
};

/** What a file is known by: its checksum where it is fetched by one, else its content. */
const lookAtFile = async (
  ref: FileRef & Partial<ImageRef>,
  digests: FileDigests,
  found: Found,
  signal: AbortSignal,
) => {
  const { path, shown, wanted } = ref;
  if (wanted !== undefined && 'hex' in wanted.checksum) {
    found.files.set(shown, `${wanted.checksum.algorithm}:${wanted.checksum.hex}`);
    return;
  }
  if (!path.startsWith('/')) {
    found.unknown.push(shown);
    return;
  }
  const read = await (isImage(ref) ? digests.readImage(path, signal) : digests.read(path, signal));
  found.files.set(shown, read.digest);
  for (const name of read.names) found.names.add(name);
};

/** Looks into the values of a part, and reads its files. `names` are those that `digests` looks for. */
export const lookInto = async (
  values: unknown,
  { digests, names }: { readonly digests: FileDigests; readonly names: readonly string[] },
  signal: AbortSignal,
): Promise<LookedInto> => {
  const found: Found = { files: new Map(), runtimes: new Set(), names: new Set(), unknown: [] };
  const plainOf = async (value: unknown): Promise<unknown> => {
    if (typeof value === 'string') {
      for (const name of names) if (value.includes(name)) found.names.add(name);
      return value;
    }
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) {
      const plain: unknown[] = [];
      for (const one of value) plain.push(await plainOf(one));
      return plain;
    }
    if (isRuntime(value)) found.runtimes.add(value.runtime);
    const rest: Record<string, unknown> = {};
    if (isRef(value)) await lookAtFile(value, digests, found, signal);
    for (const [key, one] of Object.entries(value)) {
      // Where a file lies on this host is not part of what it is, nor where it may be fetched from.
      if (isRef(value) && (key === 'path' || key === 'wanted')) continue;
      rest[key] = await plainOf(one);
    }
    return rest;
  };
  const plain = await plainOf(values);
  const files = [...found.files].map(([shown, digest]) => ({ shown, digest }));
  return { plain, files, runtimes: found.runtimes, names: found.names, unknown: found.unknown };
};
