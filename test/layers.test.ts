import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const src = fileURLToPath(new URL('../../src', import.meta.url));

type Arrow = { readonly from: string; readonly to: string; readonly typeOnly: boolean; readonly line: string };

// The files at the top of src are common ground; these and cli/ are the ones that hand values over.
const wiringFiles = ['main.ts', 'daemon.ts', 'fitness.ts', 'hypervisor.ts'];
const wiring = 'main';
const common = 'common';
const rooms = ['api', 'queue', 'build', 'template', 'vmm', 'guest', 'httpd', 'image', 'host'];
const values: Readonly<Record<string, readonly string[]>> = { build: ['vmm', 'guest', 'httpd', 'image', 'template'] };
const types: Readonly<Record<string, readonly string[]>> = {
  api: ['queue', 'template', 'build'],
  queue: ['build', 'image'],
  build: ['queue'],
  template: ['vmm'],
};
const homes: Readonly<Record<string, readonly string[]>> = {
  fastify: ['api', 'httpd'],
  'better-sqlite3': ['queue'],
  execa: ['program.ts'],
  'node-pty': ['vmm/pty-line.ts'],
  pino: ['logger.ts'],
  'prom-client': ['api'],
  'tar-stream': ['template', 'httpd'],
  bcryptjs: ['template'],
  re2js: ['pattern.ts'],
  'smol-toml': ['config.ts'],
};

const roomOf = (file: string): string => {
  const [first = '', second] = file.split('/');
  if (first === 'cli' || wiringFiles.includes(file)) return wiring;
  return second === undefined ? common : first;
};

const files = (await readdir(src, { recursive: true })).filter((name) => name.endsWith('.ts'));
const imports = /^(?:import|export)\s+(type\s)?[^;]*?\sfrom\s+'([^']+)'/gm;

const arrows: Arrow[] = [];
const packages: { readonly file: string; readonly name: string; readonly typeOnly: boolean }[] = [];
for (const file of files) {
  for (const [line, type, target = ''] of (await readFile(join(src, file), 'utf8')).matchAll(imports)) {
    const typeOnly = type !== undefined;
    if (target.startsWith('.')) arrows.push({ from: file, to: normalize(join(dirname(file), target)), typeOnly, line });
    else packages.push({ file, name: target, typeOnly });
  }
}

const allowed = ({ from, to, typeOnly }: Arrow): boolean => {
  const [here, there] = [roomOf(from), roomOf(to)];
  if (here === there || here === wiring || there === common) return true;
  return (values[here]?.includes(there) ?? false) || (typeOnly && (types[here]?.includes(there) ?? false));
};

test('rooms know each other only along the arrows of the design', () => {
  assert.ok(arrows.length > 100, `only ${arrows.length} imports were found`);
  assert.deepEqual(
    arrows.filter((arrow) => !allowed(arrow)).map(({ from, line }) => `${from}: ${line}`),
    [],
  );
});

test('every folder of src is a room that the design names', () => {
  assert.deepEqual(
    [...new Set(files.map(roomOf))].filter((room) => ![...rooms, wiring, common].includes(room)),
    [],
  );
});

test('outside packages have one home each', () => {
  const strays = packages.filter(
    ({ file, name }) =>
      homes[name] !== undefined && !homes[name].some((home) => file === home || roomOf(file) === home),
  );
  assert.deepEqual(strays, []);
});
