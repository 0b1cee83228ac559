import { z } from 'zod';

// https://docs.npmjs.com/cli/configuring-npm/package-lock-json
const Lock = z.object({
  lockfileVersion: z.literal(3),
  packages: z.record(
    z.string(),
    z.looseObject({
      version: z.string(),
      dev: z.boolean().optional(),
      devOptional: z.boolean().optional(),
    }),
  ),
});

export type Package = { readonly folder: string; readonly name: string; readonly version: string };

/** The packages that the program needs when it runs: those that the lock does not keep for development. By folder. */
export const productionPackages = (lock: unknown): readonly Package[] =>
  Object.entries(Lock.parse(lock).packages)
    .filter(([folder, { dev, devOptional }]) => folder !== '' && dev !== true && devOptional !== true)
    .map(([folder, { version }]) => ({ folder, name: folder.split('node_modules/').at(-1) ?? '', version }))
    .toSorted((a, b) => (a.folder < b.folder ? -1 : 1));
