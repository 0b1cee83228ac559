import { sep } from 'node:path';
import { Fault } from '../base/fault.ts';
import type { Spec } from '../template/spec.ts';

/** The images that running builds are made of. Nothing else protects them: vmd opens a base without a lock (vmd.c). */
export type Bases = {
  /** Counts the bases of a build as in use, until disposed. */
  readonly use: (buildId: string, disks: Spec['disks']) => Disposable;
  /** Throws `base_in_use` when a running build is made of a file below this folder. */
  readonly checkUnused: (folder: string) => void;
};

export const makeBases = (): Bases => {
  const users = new Map<string, readonly string[]>();
  return {
    use: (buildId, disks) => {
      users.set(
        buildId,
        disks.flatMap(({ base }) => (base === undefined ? [] : [base.path])),
      );
      return { [Symbol.dispose]: () => void users.delete(buildId) };
    },
    checkUnused: (folder) => {
      for (const [buildId, paths] of users)
        if (paths.some((path) => path.startsWith(folder + sep)))
          throw new Fault(
            'base_in_use',
            `Build ${buildId} is being made of an image of this one. Wait for its end, or cancel it.`,
          );
    },
  };
};
