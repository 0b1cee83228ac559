import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { destination } from '../src/outward/destination.ts';
import { hostOf } from '../src/outward/hosts.ts';
import type { RegistrySettings } from '../src/post-processors/upload/vagrant-registry.ts';
import { bench } from './fixtures/post-processing.ts';
import { faultOf } from './send-shop.ts';

type Change = { readonly status: number; readonly body?: string };

/** A registry that answers as Vagrant Cloud's API v2 does, with the box acme/tiny; `changes` replace answers, by request. */
const registry = async (changes: Readonly<Record<string, Change>> = {}) => {
  const asked: string[] = [];
  const bodies: string[] = [];
  const tokens = new Set<string | undefined>();
  const there = new Set(['/api/box/acme/tiny']);
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    void text(request).then((body) => {
      const line = `${method} ${url}`;
      asked.push(line);
      bodies.push(body);
      if (url.startsWith('/api/')) tokens.add(headers.authorization);
      else assert.equal(headers.authorization, undefined, 'the token went with the box');
      const change = changes[line];
      const answer = (status: number, value: unknown = {}) =>
        void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
      if (change !== undefined) return void response.writeHead(change.status).end(change.body);
      if (url.endsWith('/upload/direct')) {
        const here = `http://${headers.host ?? ''}`;
        return answer(200, { upload_path: `${here}/store/1`, callback: `${here}/api/done` });
      }
      if (method === 'POST') there.add(url.endsWith('/versions') ? '/api/box/acme/tiny/version/1.2.3' : url);
      if (method === 'DELETE') there.delete(url);
      return method === 'GET' && !there.has(url) ? answer(404, { errors: ['not found'] }) : answer(200);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on a port has an address with one.
  const { port } = server.address() as AddressInfo;
  return {
    ...{ asked, bodies, tokens, host: `127.0.0.1:${port}`, url: `http://127.0.0.1:${port}/api` },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};

const settings: Omit<RegistrySettings, 'url'> = {
  ...{ user: 'acme', box: 'tiny', version: '1.2.3', description: 'one', token: 'hidden', provider: 'libvirt' },
  ...{ architecture: 'amd64', release: 'released' },
};

const push = async (url: string, host: string, names = ['tiny.box']) => {
  await using shop = await bench({ destination: destination(() => [hostOf(host)]) });
  const drafts = names.map((name, at) => ({
    ...{ name, mediaType: 'application/octet-stream', from: join(shop.workspace, `draft9-${at}.x`) },
  }));
  for (const { from } of drafts) await writeFile(from, 'the box');
  await shop.run({ type: 'vagrant-registry', settings: { ...settings, url } }, names, drafts);
  return shop.tools;
};

test('a box becomes a version of its own that is released, and the token goes to the registry alone', async () => {
  await using server = await registry();
  const { told } = await push(server.url, server.host);
  const version = '/api/box/acme/tiny/version/1.2.3';
  assert.deepEqual(server.asked, [
    'GET /api/box/acme/tiny',
    `GET ${version}`,
    'POST /api/box/acme/tiny/versions',
    `GET ${version}/provider/libvirt/amd64`,
    `POST ${version}/providers`,
    `GET ${version}/provider/libvirt/amd64/upload/direct`,
    'PUT /store/1',
    'PUT /api/done',
    `PUT ${version}/release`,
  ]);
  assert.deepEqual([...server.tokens], ['Bearer hidden']);
  assert.equal(server.bodies[6], 'the box');
  assert.match(server.bodies[4] ?? '', /"checksum_type":"sha256"/);
  assert.ok(told.some(({ type }) => type === 'artifact.uploaded'));
  assert.doesNotMatch(JSON.stringify(told), /hidden/);
});

test('where the upload is refused or leads elsewhere, the version that was made for it is deleted', async () => {
  const upload = 'GET /api/box/acme/tiny/version/1.2.3/provider/libvirt/amd64/upload/direct';
  const elsewhere = JSON.stringify({ upload_path: 'http://127.0.0.1:1/x' });
  for (const [changes, code, said] of [
    [{ 'PUT /store/1': { status: 403, body: 'no' } }, 'destination_refused', /answered 403/],
    [{ [upload]: { status: 200, body: elsewhere } }, 'destination_refused', /\[destinations\]/],
  ] as const) {
    await using server = await registry(changes);
    const fault = await faultOf(push(server.url, server.host));
    assert.equal(fault.code, code, fault.message);
    assert.match(fault.message, said);
    assert.equal(server.asked.at(-1), 'DELETE /api/box/acme/tiny/version/1.2.3');
  }
});

test('a box that the registry does not have, and artifacts without a box, are refusals', async () => {
  await using server = await registry({ 'GET /api/box/acme/tiny': { status: 404 } });
  assert.match((await faultOf(push(server.url, server.host))).message, /box\/acme\/tiny: there is no such thing/);
  assert.match(
    (await faultOf(push(server.url, server.host, ['tiny.qcow2']))).message,
    /no artifact whose name ends with "\.box"/,
  );
});
