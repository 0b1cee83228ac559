import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { makeBill } from '../materials/make-bill.ts';
import { distinfo } from './distinfo.ts';
import { packingList, type Packed } from './packing-list.ts';
import { productionPackages } from './production.ts';
import { writeTarball } from './tarball.ts';
import { vendoredFiles } from './vendored.ts';

const run = promisify(execFile);
const top = fileURLToPath(new URL('../../../', import.meta.url));
const port = join(top, 'openbsd/port');

const NpmPack = z.tuple([
  z.looseObject({ filename: z.string(), version: z.string(), files: z.array(z.looseObject({ path: z.string() })) }),
]);

/** What the Makefile removes once it has compiled, as paths below node_modules. */
const buildOnly = async (): Promise<readonly string[]> => {
  const makefile = (await readFile(join(port, 'Makefile'), 'utf8')).replaceAll('\\\n', ' ');
  return /^BUILD_ONLY =(.*)$/m.exec(makefile)?.[1]?.trim().split(/\s+/) ?? [];
};

const compiled: readonly Packed[] = [
  { path: 'node_modules/better-sqlite3/build/Release/better_sqlite3.node', as: '@so' },
  { path: 'node_modules/node-pty/build/Release/pty.node', as: '@so' },
];

/** Where the port puts a file of the program: below lib/imaged, among the examples, in both or nowhere. */
const placed = (path: string): readonly Packed[] => {
  if (path.startsWith('openbsd/port/')) return [];
  const isRun = /^(dist\/page|dist\/src|migrations|openbsd|rc\.d)\/|^(openapi\.yaml|package\.json)$/.test(path);
  const [, example] = /^(?:examples|openbsd)\/(.*)$/.exec(path) ?? [];
  return [
    ...(isRun ? [{ path: `lib/imaged/${path}` }] : []),
    ...(example === undefined
      ? []
      : [{ path: `share/examples/imaged/${example === 'imaged.toml' ? 'imaged.conf' : example}` }]),
  ];
};

/**
 * Makes the port of what is compiled in dist: Makefile, pkg and distinfo, both distfiles below `distfiles`, and
 * the bill of materials. Gives the
 * paths of what it has written. The packages are those of node_modules, so it needs no network.
 */
export const makePort = async (folder: string): Promise<readonly string[]> => {
  const distfiles = join(folder, 'distfiles');
  await mkdir(distfiles, { recursive: true });
  const packed = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', distfiles], {
    cwd: top,
  });
  const [program] = NpmPack.parse(JSON.parse(packed.stdout));

  const packages = productionPackages(JSON.parse(await readFile(join(top, 'package-lock.json'), 'utf8')));
  const vendored = (
    await Promise.all(
      packages.map(async ({ folder: at }) => (await vendoredFiles(join(top, at))).map((path) => join(at, path))),
    )
  ).flat();
  const vendor = `imaged-vendor-${program.version}.tgz`;
  await writeTarball(
    join(distfiles, vendor),
    vendored.map((path) => ({ name: `package/${path}`, path: join(top, path) })),
  );

  const superfluous = (await buildOnly()).map((path) => `node_modules/${path}`);
  const kept = [...compiled, ...vendored.map((path) => ({ path }))].filter(
    ({ path }) => !superfluous.some((part) => path === part || path.startsWith(`${part}/`)),
  );
  const files: readonly Packed[] = [
    ...program.files.flatMap(({ path }) => placed(path)),
    ...kept.map((file) => ({ ...file, path: `lib/imaged/${file.path}` })),
  ];

  await cp(join(port, 'Makefile'), join(folder, 'Makefile'));
  await cp(join(port, 'pkg'), join(folder, 'pkg'), { recursive: true });
  await writeFile(join(folder, 'pkg/PLIST'), packingList(await readFile(join(port, 'pkg/PLIST'), 'utf8'), files));
  await writeFile(join(folder, 'distinfo'), await distinfo(distfiles, [program.filename, vendor]));
  const bill = `imaged-${program.version}.cdx.json`;
  await writeFile(join(folder, bill), `${JSON.stringify(await makeBill(), null, 2)}\n`);
  return ['Makefile', 'distinfo', 'pkg/PLIST', bill, `distfiles/${program.filename}`, `distfiles/${vendor}`].map(
    (name) => join(folder, name),
  );
};
