/**
 * Puts the daemon, imagectl, and what they load into few files, after tsc has compiled it: Node takes 0.4 s to load a thousand modules one
 * by one. Their main.js, as tsc wrote them, are replaced; what they load later comes into dist/src/bundle. Whoever compiles
 * with tsc alone has the same program in many files.
 */

import { rm } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { top } from '../src/base/package.ts';

const at = (path: string): string => fileURLToPath(new URL(path, top));

// They load files that lie beside their own: compiled code, and the page.
const external = ['better-sqlite3', 'node-pty', '@fastify/swagger-ui'];

/**
 * Node's own modules are taken as they are. An import statement reads everything that a module exports: of node:http that is
 * a whole second HTTP client, which costs 40 ms.
 */
const ownOfNode: Plugin = {
  name: 'own-of-node',
  setup: (bundling) => {
    bundling.onResolve({ filter: /^[a-z]/ }, ({ path }) => (isBuiltin(path) ? { path, namespace: 'node' } : undefined));
    bundling.onLoad({ filter: /.*/, namespace: 'node' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)})`,
    }));
  },
};

// Modules of the older kind ask for these, and a file of the newer kind has none.
const older = [
  "import { createRequire as requireFrom } from 'node:module';",
  'const require = requireFrom(import.meta.url), { filename: __filename, dirname: __dirname } = import.meta;',
].join('');

await rm(at('dist/src/bundle'), { recursive: true, force: true });
await build({
  entryPoints: [at('dist/src/main.js'), at('dist/src/client/main.js'), at('dist/src/vmm/holder/main.js')],
  outdir: at('dist/src'),
  allowOverwrite: true,
  chunkNames: 'bundle/[name]-[hash]',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node22.15',
  external,
  plugins: [ownOfNode],
  banner: { js: older },
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  logLevel: 'warning',
});

// Else the next tsc would leave both main.js as they are.
await rm(at('dist/.tsbuildinfo'), { force: true });
