import { spawn } from 'node:child_process';
import { once } from 'node:events';
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { cleanupStack } from '../src/base/cleanup.ts';

/** The configuration in docs/operating.md, with this address of an API. */
export const fromTheManual = async (url: string): Promise<string> => {
  const manual = await readFile(new URL('../../docs/operating.md', import.meta.url), 'utf8');
  const [, documented = ''] = /```nginx\n([^]*?)```/.exec(manual) ?? [];
  assert.ok(documented.includes('http://127.0.0.1:8080;'), 'docs/operating.md names the usual address');
  return documented.replace('http://127.0.0.1:8080', url);
};

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on a port has an address with one.
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

const temporaries = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/** A real nginx with its defaults and these words in its `server`, in a folder of its own. Gives its address. */
export const nginx = async (server: string): Promise<AsyncDisposable & { readonly url: string }> => {
  const cleanup = cleanupStack();
  const folder = await mkdtemp(join(tmpdir(), 'imaged-nginx-'));
  cleanup.defer(() => rm(folder, { recursive: true }));
  const port = await freePort();
  const paths = temporaries.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ');
  await writeFile(
    join(folder, 'nginx.conf'),
    `daemon off; master_process off; pid ${folder}/pid; error_log stderr;\nevents {}\n` +
      `http { access_log off; ${paths}\nserver { listen 127.0.0.1:${port};\n${server}\n} }\n`,
  );
  // Debian has it where only root's PATH looks.
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` };
  const child = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env,
  });
  const ended = once(child, 'exit');
  const said = text(child.stderr);
  cleanup.defer(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  while (!(await answers(port))) {
    if (child.exitCode !== null) throw new Error(`nginx ended: ${await said}`);
    await sleep(10);
  }
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose]() };
};
