import type { CheckedBuild } from '../../queue/asked.ts';
import type { Spec } from '../../template/spec.ts';

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

type File = { readonly shown: string; readonly path: string; readonly wanted?: unknown };

// A reference to a file, as `FileRef` and `ImageRef` have it.
const isFile = (value: object): value is File =>
  'shown' in value && typeof value.shown === 'string' && 'path' in value && typeof value.path === 'string';

/** All files that a spec refers to, but for those below `context`. */
export const inputsOf = (spec: Spec, context: string | undefined): NonNullable<CheckedBuild['inputs']> => {
  const files = new Map<string, { readonly path: string; readonly shown: string }>();
  const fetched: unknown[] = [];
  const waiting: unknown[] = [spec];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (!isObject(value)) continue;
    if (isFile(value)) {
      const { path, shown, wanted } = value;
      if (wanted !== undefined) fetched.push(wanted);
      else if (context === undefined || !path.startsWith(`${context}/`)) files.set(path, { path, shown });
    }
    waiting.push(...Object.values(value));
  }
  return { files: [...files.values()].sort((one, other) => (one.path < other.path ? -1 : 1)), fetched };
};
