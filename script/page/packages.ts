import { z } from 'zod';

/** The packages that are passed on as parts of the page: most are needed when it is built, and not when imaged runs. */
export const inPage = ['@xterm/xterm', 'diff', 'ignore', 'preact'] as const;

const Lock = z.object({ packages: z.record(z.string(), z.object({ version: z.string().optional() })) });

/** Their versions, as package-lock.json has them. */
export const packagesInPage = (lock: unknown): readonly { readonly name: string; readonly version: string }[] => {
  const { packages } = Lock.parse(lock);
  return inPage.map((name) => ({ name, version: packages[`node_modules/${name}`]?.version ?? '' }));
};
