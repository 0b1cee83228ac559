import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { makePort } from '../script/openbsd/make-port.ts';
import { longOnly } from './fixtures/long.ts';

const run = promisify(execFile);
const top = fileURLToPath(new URL('../../', import.meta.url));
const port = join(top, 'openbsd/port');
const text = (path: string) => readFile(path, 'utf8');

const home = await mkdtemp(join(tmpdir(), 'imaged-port-'));
after(() => rm(home, { recursive: true }));

const made = join(home, 'made');
await makePort(made);
const makefile = await text(join(made, 'Makefile'));
const setting = (name: string) => new RegExp(`^${name} =\\s*(.*)$`, 'm').exec(makefile)?.[1] ?? '';
const { version } = z.object({ version: z.string() }).parse(JSON.parse(await text(join(top, 'package.json'))));

/** Every file below a folder, as a path in it. */
const filesBelow = async (folder: string): Promise<readonly string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .toSorted();

const digest = async (path: string) =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

/** Does what ports(7) does between the distfiles and the package, but for the compilation. Gives the prefix. */
const install = async (): Promise<{ readonly prefix: string; readonly source: string }> => {
  const [work, prefix] = [join(home, 'work'), join(home, 'fake')];
  for (const folder of [work, 'bin', 'lib', 'man/man1', 'man/man5', 'man/man8', 'share/examples'])
    await mkdir(folder === work ? work : join(prefix, folder), { recursive: true });
  for (const name of await readdir(join(made, 'distfiles')))
    await run('tar', ['-xzf', join(made, 'distfiles', name), '-C', work]);
  const source = join(work, 'package');
  // Compiled for this host already, from the same sources.
  for (const [from, name] of [
    [`better-sqlite3/prebuilds/linux-${process.arch}.node`, 'better-sqlite3/build/Release/better_sqlite3.node'],
    ['node-pty/build/Release/pty.node', 'node-pty/build/Release/pty.node'],
  ] as const) {
    await mkdir(dirname(join(source, 'node_modules', name)), { recursive: true });
    await copyFile(join(top, 'node_modules', from), join(source, 'node_modules', name));
  }
  await writeFile(join(work, 'Makefile'), makefile.replace(/^\.include.*$/m, ''));
  const settings = { WRKSRC: source, PREFIX: prefix, INSTALL_DATA_DIR: 'install -d', INSTALL_DATA: 'install -m 444' };
  const given = Object.entries({ ...settings, INSTALL_MAN: 'install -m 444' }).map((pair) => pair.join('='));
  await run('make', ['-C', work, 'do-install', ...given]);
  return { prefix, source };
};

const installed = await install();

test('the comment of the port has at most 60 characters and no article, and its version is that of the package', () => {
  assert.ok(setting('COMMENT').length <= 60);
  assert.match(setting('COMMENT'), /^(?!an? )[a-z].*[^.]$/);
  assert.equal(setting('V'), version);
});

test('the rc.d script of the package is rc.d/imaged', async () => {
  const prefixes = { LOCALBASE: '/usr/local', TRUEPREFIX: '/usr/local', SYSCONFDIR: '/etc' };
  const filled = Object.entries(prefixes).reduce(
    (script, [name, path]) => script.replaceAll(`\${${name}}`, path),
    await text(join(port, 'pkg/imaged.rc')),
  );
  assert.equal(filled, await text(join(top, 'rc.d/imaged')));
});

test('the packing list has what the port installs, and nothing else', async () => {
  const lines = (await text(join(made, 'pkg/PLIST'))).split('\n');
  const listed = lines.flatMap((line) => /^(?:@(?:so|man) )?([a-z].*)$/.exec(line)?.[1] ?? []);
  const files = listed.filter((path) => !path.endsWith('/') && !path.startsWith('share/doc/pkg-readmes/'));
  assert.deepEqual(files.toSorted(), await filesBelow(installed.prefix));
  const folders = new Set(
    files.map((path) => `${dirname(path)}/`).filter((path) => /^(lib|share\/examples)\//.test(path)),
  );
  assert.deepEqual(
    [...folders].filter((path) => !listed.includes(path)),
    [],
  );
  assert.deepEqual(
    listed.filter((path, at) => listed.indexOf(path) !== at),
    [],
  );
  const natives = lines.filter((line) => line.includes('.node'));
  assert.deepEqual(
    natives.map((line) => line.split(' ')[0]),
    ['@so', '@so'],
  );
});

test('everything that the npm package holds is installed, or has its place in the port', async () => {
  const digests = new Set(
    await Promise.all((await filesBelow(installed.prefix)).map((path) => digest(join(installed.prefix, path)))),
  );
  const elsewhere = /^(LICENSE|README\.md|openbsd\/port\/.*|node_modules\/.*)$/;
  const left: string[] = [];
  for (const path of await filesBelow(installed.source))
    if (!elsewhere.test(path) && !digests.has(await digest(join(installed.source, path)))) left.push(path);
  assert.deepEqual(left, []);
  const { files } = z.object({ files: z.array(z.string()) }).parse(JSON.parse(await text(join(top, 'package.json'))));
  for (const folder of files)
    assert.ok(
      (await filesBelow(installed.source)).some((path) => path.startsWith(folder)),
      folder,
    );
});

test('the packages are those of production, uncompiled, and come out the same each time', longOnly, async () => {
  const names = (
    await run('tar', ['-tzf', join(made, `distfiles/imaged-vendor-${version}.tgz`)], { maxBuffer: 2 ** 24 })
  ).stdout
    .trim()
    .split('\n');
  assert.ok(names.every((name) => name.startsWith('package/node_modules/')));
  assert.deepEqual(
    names.filter((name) => /\.(node|o|a|dll|exe)$/.test(name)),
    [],
  );
  for (const name of ['fastify', 'better-sqlite3', 'node-addon-api', 'zod'])
    assert.ok(names.includes(`package/node_modules/${name}/package.json`), name);
  for (const name of ['typescript', 'oxlint', 'oxfmt', '@types/node', 'autocannon'])
    assert.ok(!names.some((path) => path.startsWith(`package/node_modules/${name}/`)), name);
  const again = join(home, 'again');
  await makePort(again);
  assert.equal(await text(join(again, 'distinfo')), await text(join(made, 'distinfo')));
});

test('the distfiles have the digests and sizes of distinfo', async () => {
  const distinfo = await text(join(made, 'distinfo'));
  for (const name of await readdir(join(made, 'distfiles'))) {
    const bytes = await readFile(join(made, 'distfiles', name));
    assert.ok(distinfo.includes(`SHA256 (${name}) = ${createHash('sha256').update(bytes).digest('base64')}\n`));
    assert.ok(distinfo.includes(`SIZE (${name}) = ${bytes.byteLength}\n`));
    assert.ok(makefile.replaceAll('${V}', version).replaceAll('${DISTNAME}', `imaged-${version}`).includes(name), name);
  }
});

test('what is installed is a whole daemon', async () => {
  const program = join(installed.prefix, 'bin/imaged');
  assert.equal((await run(program, ['version'])).stdout, `imaged ${version}\n`);
  const client = join(installed.prefix, 'bin/imagectl');
  assert.equal((await run(client, ['version'])).stdout, `imagectl ${version}\n`);
  const file = join(home, 'imaged.conf');
  await writeFile(file, `listen = "127.0.0.1:0"\ndata_dir = "${home}/data"\n[hypervisor]\ntype = "qemu"\n`);
  const daemon = spawn(program, ['serve', '-f', file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(daemon, 'exit');
  try {
    let address = '';
    for await (const line of createInterface({ input: daemon.stdout })) {
      if (!line.includes('"imaged is ready"')) continue;
      ({ address } = z.object({ address: z.string() }).parse(JSON.parse(line)));
      break;
    }
    daemon.stdout.resume();
    for (const path of ['/healthz', '/docs/', '/openapi.yaml', '/metrics'])
      assert.ok([200, 401].includes((await fetch(new URL(path, address))).status), path);
  } finally {
    daemon.kill('SIGTERM');
    await ended;
  }
});
