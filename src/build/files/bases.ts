import { isWithin } from '../../base/file/is-within.ts';
import { Fault } from '../../base/fault.ts';

/** The files that running builds are made of. Nothing else protects them: vmd opens a base without a lock (vmd.c). */
export type Bases = {
  /** Counts files as in use by a build, until disposed. */
  readonly use: (buildId: string, paths: readonly string[]) => Disposable;
  /** The running build that uses this file, or one below this folder. */
  readonly userOf: (path: string) => string | undefined;
  /** Throws `base_in_use` when a running build is made of this file, or of one below this folder. */
  readonly checkUnused: (path: string) => void;
};

export const makeBases = (): Bases => {
  const uses = new Set<{ readonly buildId: string; readonly paths: readonly string[] }>();
  const userOf: Bases['userOf'] = (path) =>
    [...uses].find(({ paths }) => paths.some((used) => isWithin(path, used)))?.buildId;
  return {
    use: (buildId, paths) => {
      const use = { buildId, paths };
      uses.add(use);
      return { [Symbol.dispose]: () => void uses.delete(use) };
    },
    userOf,
    checkUnused: (path) => {
      const buildId = userOf(path);
      if (buildId !== undefined)
        throw new Fault('base_in_use', `Build ${buildId} is being made of this. Wait for its end, or cancel it.`);
    },
  };
};
