import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const src = fileURLToPath(new URL('../../src', import.meta.url));

type Arrow = { readonly from: string; readonly to: string; readonly typeOnly: boolean; readonly line: string };

/**
 * What each room may use, beside itself and `base`, which is common ground. A room that is not named is part of the one
 * above it. `types`: types alone, which is how a room says what it wants of others.
 */
const rooms: Readonly<Record<string, { readonly uses: readonly string[]; readonly types?: readonly string[] }>> = {
  base: { uses: [] },
  config: { uses: ['outward'] },
  outward: { uses: [] },
  fetch: { uses: ['outward'] },
  send: { uses: ['outward'] },
  media: { uses: ['fetch'] },

  'template/language': { uses: ['template'] },
  packer: { uses: ['template/language'], types: ['vmm/console'] },
  'packer/hcl': { uses: ['context', 'packer', 'template/language'] },
  'packer/import': { uses: ['packer', 'template/language'] },
  context: { uses: [], types: ['template', 'fetch', 'post-processors'] },
  'openbsd/passwords': { uses: ['template/language'] },
  openbsd: {
    uses: ['openbsd/passwords', 'template/language', 'context'],
    types: ['template', 'template/document', 'template/resolve'],
  },
  template: { uses: [], types: ['fetch', 'post-processors', 'provisioners'] },
  'template/document': {
    uses: [
      'template',
      'template/language',
      'packer',
      'openbsd',
      'openbsd/passwords',
      'post-processors',
      'provisioners',
    ],
  },
  'template/expand': { uses: ['packer', 'packer/hcl', 'packer/import', 'template/document'] },
  'template/resolve': {
    uses: [
      ...[
        'template',
        'template/document',
        'template/language',
        'context',
        'fetch',
        'packer',
        'openbsd',
        'openbsd/passwords',
      ],
      ...['image', 'post-processors', 'provisioners'],
    ],
  },

  vmm: { uses: [] },
  'vmm/console': { uses: ['vmm'] },
  'vmm/qemu': { uses: ['vmm'] },
  'vmm/vmd': { uses: ['vmm', 'vmm/console'] },
  // A program of its own: of what drives vmd it takes how cu(1) is attached, of what drives QEMU the names of its files.
  'vmm/holder': { uses: ['vmm', 'vmm/vmd', 'vmm/qemu'] },
  guest: { uses: ['guest/ssh'] },
  'guest/ssh': { uses: ['guest'] },
  'httpd/mirror': { uses: ['fetch', 'outward'] },
  'httpd/endpoint': { uses: ['httpd/mirror'] },
  image: { uses: [] },

  'post-processors': {
    uses: ['image', 'provisioners', 'send', 'template/document'],
    types: ['guest', 'outward', 'template', 'template/resolve'],
  },
  provisioners: {
    uses: ['guest', 'guest/ssh', 'template', 'template/document', 'template/language', 'template/resolve'],
  },

  layers: { uses: [], types: ['queue'] },
  'layers/keys': { uses: ['image', 'layers'], types: ['provisioners', 'post-processors', 'template'] },
  'layers/shelf': { uses: ['fetch', 'image', 'layers'], types: ['queue'] },

  'queue/rules': { uses: [], types: ['queue'] },
  queue: { uses: ['queue/rules'], types: ['image', 'layers'] },
  'queue/sqlite': { uses: ['queue/rules'], types: ['queue', 'image', 'layers'] },

  'build/folders': { uses: ['vmm/qemu', 'build/on-host'], types: ['queue/sqlite'] },
  'build/outputs': { uses: ['queue/rules', 'vmm/console'], types: ['build/folders', 'queue'] },
  'build/on-host': { uses: ['image', 'vmm/qemu'], types: ['provisioners'] },
  'build/hold': { uses: [], types: ['build', 'queue', 'vmm'] },
  build: {
    uses: [
      ...[
        'build/folders',
        'build/hold',
        'build/on-host',
        'config',
        'context',
        'fetch',
        'guest',
        'guest/ssh',
        'httpd/endpoint',
        'image',
      ],
      ...[
        'layers/keys',
        'openbsd',
        'openbsd/passwords',
        'packer',
        'packer/hcl',
        'packer/import',
        'queue/rules',
        'post-processors',
        'provisioners',
        'vmm/console',
      ],
      ...['template', 'template/document', 'template/expand', 'template/language', 'template/resolve'],
    ],
    types: ['httpd/mirror', 'layers', 'media', 'queue', 'vmm'],
  },

  schedules: { uses: ['build'], types: ['queue'] },
  notify: { uses: ['outward'], types: ['queue'] },

  host: { uses: ['config'] },

  client: { uses: [] },

  'api/server': { uses: [], types: ['api', 'api/contract', 'build/outputs', 'queue'] },
  'api/contract': { uses: ['api/server'], types: ['queue'] },
  'api/following': { uses: [] },
  'api/host': { uses: ['api/contract', 'api/server'], types: ['api', 'queue'] },
  'api/builds': {
    uses: ['api/contract', 'api/following', 'api/server', 'packer'],
    types: ['api', 'api/host', 'build', 'build/outputs', 'queue'],
  },
  'api/queue': { uses: ['api/builds', 'api/contract', 'api/server'], types: ['api'] },
  'api/page': { uses: ['api/contract', 'api/server', 'queue'], types: ['api'] },
  // Runs in a browser: what it knows of the daemon is the contract.
  page: {
    uses: [],
    types: [
      ...['api/builds', 'api/changes', 'api/contract', 'api/host', 'api/page', 'api/queue', 'api/runs'],
      ...['api/statistics', 'api/templates'],
    ],
  },
  'api/runs': {
    uses: ['api/builds', 'api/contract', 'api/following', 'api/server'],
    types: ['api', 'build', 'queue'],
  },
  'api/changes': { uses: ['api/builds', 'api/contract', 'api/following', 'api/server'], types: ['api', 'queue'] },
  'api/statistics': { uses: ['api/contract', 'api/server'], types: ['api', 'queue'] },
  'api/artifacts': { uses: ['api/builds', 'api/contract', 'api/server'], types: ['api', 'build/outputs', 'queue'] },
  'api/schedules': {
    uses: ['api/builds', 'api/contract', 'api/server'],
    types: ['api', 'queue'],
  },
  'api/deliveries': { uses: ['api/builds', 'api/contract', 'api/server'], types: ['api', 'queue'] },
  'api/media': {
    uses: ['api/contract', 'api/server', 'fetch', 'media'],
    types: ['api'],
  },
  'api/layers': { uses: ['api/contract', 'api/server', 'layers'], types: ['api'] },
  'api/secrets': { uses: ['api/contract', 'api/server'], types: ['api'] },
  'api/vagrant': { uses: ['api/artifacts', 'api/contract', 'api/server'], types: ['api', 'image'] },
  'api/templates': { uses: ['api/builds', 'api/contract', 'api/host', 'api/server'], types: ['api', 'queue'] },

  api: {
    uses: [
      ...[
        'api/artifacts',
        'api/builds',
        'api/changes',
        'api/contract',
        'api/deliveries',
        'api/following',
        'api/host',
        'api/layers',
        'api/media',
        'api/page',
        'api/queue',
        'api/runs',
        'api/server',
      ],
      ...['api/schedules', 'api/secrets', 'api/statistics', 'api/templates', 'api/vagrant'],
    ],
    types: ['queue', 'build', 'build/outputs', 'layers', 'media', 'schedules', 'template'],
  },
};

/** These hand values from room to room, and know them all. */
const wiring = ['main.ts', 'cli', 'wiring'];

// Outside packages that have one home each.
const homes: Readonly<Record<string, readonly string[]>> = {
  '@aws-sdk/client-ec2': ['send/ec2'],
  '@aws-sdk/client-s3': ['send/s3'],
  fastify: ['api', 'httpd'],
  '@fastify/websocket': ['api/server'],
  ws: ['api/builds/attach', 'client/attach'],
  ignore: ['base/file/ignored.ts'],
  diff: ['page/templates'],
  'better-sqlite3': ['queue/sqlite'],
  execa: ['base/program.ts'],
  'node-pty': ['vmm/vmd/pty-line.ts'],
  pino: ['base/logger.ts'],
  'prom-client': ['api/host'],
  'tar-stream': ['context', 'openbsd', 'client/pack'],
  bcryptjs: ['openbsd/passwords'],
  'smol-toml': ['config', 'client/config'],
  yazl: ['post-processors/compressing'],
  re2js: ['base/pattern'],
  croner: ['schedules/times.ts'],
  yaml: ['base/document/yaml.ts', 'api/contract', 'packer/hcl'],
  '@fastify/rate-limit': ['api/page'],
  preact: ['page'],
  'preact/hooks': ['page'],
  '@xterm/xterm': ['page/console'],
  '@xterm/headless': ['vmm/console/screen.ts'],
};

const isBelow = (file: string, folder: string): boolean => file === folder || file.startsWith(`${folder}/`);

const isWiring = (file: string): boolean => wiring.some((part) => isBelow(file, part));

/** The smallest room that the file is in. */
const roomOf = (file: string): string | undefined =>
  Object.keys(rooms)
    .filter((room) => isBelow(file, room))
    .toSorted((one, other) => other.length - one.length)[0];

const files = (await readdir(src, { recursive: true })).filter((name) => /\.tsx?$/.test(name));
const imports = /^(?:import|export)\s+(type\s)?[^;]*?\sfrom\s+'([^']+)'/gm;

const arrows: Arrow[] = [];
const packages: { readonly file: string; readonly name: string }[] = [];
for (const file of files) {
  for (const [line, type, target = ''] of (await readFile(join(src, file), 'utf8')).matchAll(imports)) {
    const typeOnly = type !== undefined;
    if (target.startsWith('.')) arrows.push({ from: file, to: normalize(join(dirname(file), target)), typeOnly, line });
    else packages.push({ file, name: target });
  }
}

const allowed = ({ from, to, typeOnly }: Arrow): boolean => {
  if (isWiring(from)) return true;
  const [here, there] = [roomOf(from), roomOf(to)];
  if (here === undefined || there === undefined) return false;
  if (here === there || there === 'base') return true;
  const { uses, types = [] } = rooms[here] ?? { uses: [] };
  return uses.includes(there) || (typeOnly && types.includes(there));
};

test('rooms know each other only along the arrows of the design', () => {
  assert.ok(arrows.length > 100, `only ${arrows.length} imports were found`);
  assert.deepEqual(
    arrows.filter((arrow) => !allowed(arrow)).map(({ from, line }) => `${from}: ${line}`),
    [],
  );
});

test('no file imports a value of a file that imports one of its own, over whatever way', () => {
  const next = new Map(
    files.map((file) => [file, arrows.filter(({ from, typeOnly }) => from === file && !typeOnly).map(({ to }) => to)]),
  );
  const done = new Set<string>();
  const visit = (file: string, way: readonly string[]): void => {
    assert.ok(!way.includes(file), `a circle: ${[...way.slice(way.indexOf(file)), file].join(' -> ')}`);
    if (done.has(file)) return;
    for (const to of next.get(file) ?? []) visit(to, [...way, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
});

test('the API opens no file and puts no path together: what builds wrote comes to it as bytes', () => {
  const strays = packages.filter(
    ({ file, name }) => isBelow(file, 'api') && file !== 'api/print-openapi.ts' && /^node:(fs|path)/.test(name),
  );
  assert.deepEqual(strays, []);
});

test('every file of src is in a room that the design names', () => {
  assert.deepEqual(
    files.filter((file) => !isWiring(file) && roomOf(file) === undefined),
    [],
  );
});

test('outside packages have one home each', () => {
  const strays = packages.filter(
    ({ file, name }) => homes[name] !== undefined && !homes[name].some((home) => isBelow(file, home)),
  );
  assert.deepEqual(strays, []);
});

test('no folder holds more than 30 files', async () => {
  const counts = new Map<string, number>();
  for (const file of files) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
  assert.deepEqual(
    [...counts].filter(([, count]) => count > 30),
    [],
  );
});
