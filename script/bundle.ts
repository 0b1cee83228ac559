/**
 * Puts the daemon, imagectl, and what they load into few files, after tsc has compiled it: Node takes 0.4 s to load a thousand modules one
 * by one. Their main.js, as tsc wrote them, are replaced; what they load later comes into dist/src/bundle. Whoever compiles
 * with tsc alone has the same program in many files.
 */

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { top } from '../src/base/package.ts';

const at = (path: string): string => fileURLToPath(new URL(path, top));

// They load files that lie beside their own: compiled code, and the page.
const withFiles = ['better-sqlite3', 'node-pty', '@fastify/swagger-ui'];

// Fastify loads them when it is told of no other compiler, and the daemon tells it of its own (src/api/make-api.ts): a sixth of all text.
const neverLoaded = ['@fastify/ajv-compiler', '@fastify/fast-json-stringify-compiler'];

/** Zod carries its messages in fifty languages; the daemon speaks one. */
const oneLanguage: Plugin = {
  name: 'one-language',
  setup: (bundling) => {
    bundling.onLoad({ filter: /\/zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    }));
  },
};

/** The names that a module of Node's gives to import statements. */
const namesOf = (path: string): readonly string[] =>
  Object.keys(process.getBuiltinModule(path) ?? {}).filter((name) => /^[\w$]+$/.test(name) && name !== 'default');

/**
 * One of Node's own modules for import statements, as constants: each file that imports it reads them, where esbuild would make
 * an object with a getter for each name, again for every file. Of those marked as pure, only what is imported is read.
 */
const forImports = (path: string): string =>
  [
    `const own = process.getBuiltinModule(${JSON.stringify(path)});`,
    'export default own;',
    ...namesOf(path).map(
      (name, at) => `const n${at} = /* @__PURE__ */ (() => own.${name})(); export { n${at} as ${name} };`,
    ),
  ].join('\n');

/** The same for `require`, which wants the module itself. */
const forRequire = (path: string): string => `module.exports = process.getBuiltinModule(${JSON.stringify(path)})`;

/**
 * Node's own modules are taken as they are. An import statement reads everything that a module exports: of node:http that is
 * a whole second HTTP client, which costs 40 ms. An import() stays one, for it reads all of that too, and waits until it is reached.
 */
const ownOfNode: Plugin = {
  name: 'own-of-node',
  setup: (bundling) => {
    bundling.onResolve({ filter: /^[a-z]/ }, ({ path, kind }) => {
      if (!isBuiltin(path)) return undefined;
      if (kind === 'dynamic-import') return { path, external: true };
      return { path, namespace: kind === 'require-call' ? 'required' : 'imported' };
    });
    bundling.onLoad({ filter: /.*/, namespace: 'required' }, ({ path }) => ({ contents: forRequire(path) }));
    bundling.onLoad({ filter: /.*/, namespace: 'imported' }, ({ path }) => ({ contents: forImports(path) }));
  },
};

// Modules of the older kind ask for these, and a file of the newer kind has none.
const older = [
  "import { createRequire as requireFrom } from 'node:module';",
  'const require = requireFrom(import.meta.url), { filename: __filename, dirname: __dirname } = import.meta;',
].join('');

// V8 keeps the text of what it runs, in two bytes a character where one of them is beyond Latin 1, or was decoded from more than ASCII.
const checkAscii = (path: string, text: string): void => {
  const found = /.{0,40}[^\x00-\x7f].{0,20}/.exec(text);
  if (found !== null) throw new Error(`${path}: not ASCII, which doubles the memory of all of it: ${found[0]}`);
};

/** What a program loads, in few files: those of another program would split them further, and each costs a millisecond of its start. */
const bundle = async (main: string): Promise<void> => {
  const { outputFiles } = await build({
    entryPoints: [at(main)],
    outdir: at(dirname(main)),
    chunkNames: `${relative(dirname(main), 'dist/src/bundle')}/[name]-[hash]`,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node22.15',
    external: [...withFiles, ...neverLoaded],
    plugins: [ownOfNode, oneLanguage],
    banner: { js: older },
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    logLevel: 'warning',
    write: false,
  });
  await mkdir(at('dist/src/bundle'), { recursive: true });
  for (const { path, text } of outputFiles) {
    checkAscii(path, text);
    await writeFile(path, text);
  }
};

await rm(at('dist/src/bundle'), { recursive: true, force: true });
for (const main of ['dist/src/main.js', 'dist/src/client/main.js', 'dist/src/vmm/holder/main.js']) await bundle(main);

// Else the next tsc would leave every main.js as it is.
await rm(at('dist/.tsbuildinfo'), { force: true });
