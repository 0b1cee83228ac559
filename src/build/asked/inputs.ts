import type { CheckedBuild } from '../../queue/asked.ts';
import type { Spec } from '../../template/spec.ts';

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** All files that a spec refers to, but for those below `context`. */
export const inputsOf = (spec: Spec, context: string | undefined): NonNullable<CheckedBuild['inputs']> => {
  const paths = new Set<string>();
  const fetched: unknown[] = [];
  const waiting: unknown[] = [spec];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (!isObject(value)) continue;
    // A reference to a file, as `FileRef` and `ImageRef` have it.
    if (typeof value['shown'] === 'string' && typeof value['path'] === 'string') {
      if (value['wanted'] !== undefined) fetched.push(value['wanted']);
      else if (context === undefined || !value['path'].startsWith(`${context}/`)) paths.add(value['path']);
    }
    waiting.push(...Object.values(value));
  }
  return { paths: [...paths].sort(), fetched };
};
