import { z } from 'zod';

// https://docs.npmjs.com/cli/configuring-npm/package-lock-json
const Lock = z.object({
  lockfileVersion: z.literal(3),
  packages: z.record(z.string(), z.looseObject({ dev: z.boolean().optional(), devOptional: z.boolean().optional() })),
});

/** The folders of the packages that the program needs when it runs: those that the lock does not keep for development. */
export const productionFolders = (lock: unknown): readonly string[] =>
  Object.entries(Lock.parse(lock).packages)
    .filter(([folder, { dev, devOptional }]) => folder !== '' && dev !== true && devOptional !== true)
    .map(([folder]) => folder)
    .toSorted();
