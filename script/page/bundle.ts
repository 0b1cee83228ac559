/**
 * Makes dist/page of src/page: what the daemon serves at `/`. The names of the files have the digest of their content, but
 * for index.html and licences.txt; each lies there as it is, and compressed by gzip and Brotli.
 */

import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { build, type Metafile } from 'esbuild';
import { top } from '../../src/base/package.ts';
import { inPage } from './packages.ts';
import { xtermWithoutInlineStyles } from './xterm.ts';

const at = (path: string): string => fileURLToPath(new URL(path, top));

const compressed = async (bytes: Uint8Array): Promise<Readonly<Record<'br' | 'gz', Uint8Array>>> => {
  const br = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } };
  const [brotli, gzipped] = await Promise.all([
    promisify(brotliCompress)(bytes, br),
    promisify<Uint8Array, { level: number }, Uint8Array>(gzip)(bytes, { level: 9 }),
  ]);
  return { br: brotli, gz: gzipped };
};

/** The name that a source came to be bundled under. */
const outputOf = ({ outputs }: Metafile, entry: string): string => {
  const found = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint?.endsWith(entry) === true);
  if (found === undefined) throw new Error(`nothing was made of src/page/${entry}`);
  return basename(found[0]);
};

/** The files that the program begins with besides its own: the browser is told of them at once, and asks for all together. */
const preloads = ({ outputs }: Metafile, main: string): string =>
  Object.entries(outputs)
    .filter(([path]) => basename(path) === main)
    .flatMap(([, { imports }]) => imports)
    .filter(({ kind }) => kind === 'import-statement')
    .map(({ path }) => `<link rel="modulepreload" href="page/${basename(path)}" />`)
    .join('\n    ');

await rm(at('dist/page'), { recursive: true, force: true });
await mkdir(at('dist/page'), { recursive: true });
const { outputFiles, metafile } = await build({
  absWorkingDir: at('.'),
  entryPoints: [at('src/page/main.tsx'), at('src/page/style/main.css')],
  outdir: at('dist/page'),
  entryNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'browser',
  target: ['es2022', 'chrome120', 'firefox121', 'safari17'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  plugins: [xtermWithoutInlineStyles],
  minify: true,
  legalComments: 'none',
  metafile: true,
  write: false,
  logLevel: 'warning',
});

/** The packages that are in the page: those on the list, and no other. */
const bundled = [
  ...new Set(
    Object.keys(metafile.inputs).flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []),
  ),
].toSorted();
if (bundled.join() !== inPage.join())
  throw new Error(`the page has ${bundled.join(', ')} in it: list them in script/page/packages.ts`);

const licenceOf = async (name: string): Promise<string> => {
  const folder = at(`node_modules/${name}`);
  const found = (await readdir(folder)).find((file) => /^LICEN[CS]E/.test(file));
  if (found === undefined) throw new Error(`${name} is in the page, and has no licence: look at ${folder}`);
  return `${folder}/${found}`;
};

const licences = await Promise.all(
  inPage.map(async (name) => `${name}\n\n${await readFile(await licenceOf(name), 'utf8')}`),
);

const index = (await readFile(at('src/page/index.html'), 'utf8'))
  .replace('STYLE', `page/${outputOf(metafile, 'style/main.css')}`)
  .replace('MAIN', `page/${outputOf(metafile, 'main.tsx')}`)
  .replace('<!-- PRELOADS -->', preloads(metafile, outputOf(metafile, 'main.tsx')));

const files = [
  { name: 'index.html', bytes: Buffer.from(index) },
  { name: 'licences.txt', bytes: Buffer.from(licences.join('\n\n')) },
  ...outputFiles.map(({ path, contents }) => ({ name: basename(path), bytes: contents })),
];
for (const { name, bytes } of files) {
  await writeFile(at(`dist/page/${name}`), bytes);
  for (const [ending, smaller] of Object.entries(await compressed(bytes)))
    await writeFile(at(`dist/page/${name}.${ending}`), smaller);
}
