import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { test } from 'node:test';
import { disposals } from '../src/disposals.ts';
import type { Machine } from '../src/vmm/types.ts';
import { networkGuest } from './fixtures/network-guest.ts';
import { bench, hear, on } from './fixtures/qemu-bench.ts';

const listening = async (server: Server, where: { path: string } | { host: string; port: number }) => {
  server.listen(where);
  await once(server, 'listening');
  return server;
};

/** A port of the host that counts who comes. */
const trap = async (host: string) => {
  let visitors = 0;
  const server = await listening(
    createServer((socket) => {
      visitors++;
      socket.on('error', () => undefined);
      socket.end('secret\n');
    }),
    { host, port: 0 },
  );
  return {
    port: (server.address() as AddressInfo).port, // a TCP server has a port
    visitors: () => visitors,
    [Symbol.dispose]: () => void server.close(),
  };
};

/** A shell in the guest: types a line, and returns what it printed. */
const shellOf = async (machine: Machine) => {
  const bytes = machine.line.bytes[Symbol.asyncIterator]();
  const banner = await hear(bytes, '$ ');
  const run = async (line: string) => {
    await machine.line.write(Buffer.from(`${line}; echo done-$?\n`));
    const all = await hear(bytes, 'done-$?\r\n').then(async (echo) => {
      const rest = echo.slice(echo.indexOf('done-$?\r\n') + 'done-$?\r\n'.length);
      return /done-\d+\r\n\$ $/.test(rest) ? rest : rest + (await hear(bytes, '\r\n$ '));
    });
    return all.replaceAll('\r', '').replace(/done-\d+\n\$ $/, '');
  };
  return { banner, run };
};

test('a guest reaches its own endpoint at port 80, as often as it likes, to the last byte', async () => {
  await using vmm = await bench();
  await using left = disposals();
  const body = randomBytes(3_000_000);
  const machine = await vmm.start([], await networkGuest(vmm.folder));
  const { listen, http, guestIp } = machine.addresses;
  assert.ok('path' in listen);
  const asked: string[] = [];
  const server = createHttp((request, response) => {
    asked.push(request.url ?? '');
    response.end(body);
  });
  await listening(server, listen);
  left.defer(() => void server.close());
  await machine.run(on());

  const { banner, run } = await shellOf(machine);
  assert.match(banner, new RegExp(`inet ${guestIp.replaceAll('.', '\\.')}/24`));
  const sum = createHash('md5').update(body).digest('hex');
  const fetch = `printf 'GET /%s HTTP/1.0\\r\\n\\r\\n' $n | nc ${http.ip} ${http.port} | sed '1,/^\\r$/d' | md5sum`;
  const said = await run(`for n in 1 2 3 4 5; do ${fetch}; done`);
  assert.deepEqual(
    said.match(/[0-9a-f]{32}/g),
    Array.from({ length: 5 }, () => sum),
  );
  assert.deepEqual(asked, ['/1', '/2', '/3', '/4', '/5']);
});

const triesOf = (ports: readonly number[]) =>
  ['100.64.1.2', '100.64.1.4', '100.64.1.5', '10.0.2.2', '127.0.0.1', '100.64.2.2', '100.64.2.3', '100.64.2.4']
    .flatMap((ip) => [...ports, ...(ip === '100.64.1.4' ? [] : [80])].map((port) => `${ip} ${port}`))
    .map((where) => `nc -w 1 ${where} </dev/null`)
    .join(' & ');

test('a guest reaches no other port of the host, and nothing of another machine', async () => {
  await using vmm = await bench();
  await using left = disposals();
  using loopback = await trap('127.0.0.1');
  using everywhere = await trap('0.0.0.0');
  const guest = await networkGuest(vmm.folder);
  const other = await vmm.start([], {}, 1);
  assert.ok('path' in other.addresses.listen);
  let visitors = 0;
  const endpoint = await listening(
    createServer((socket) => {
      visitors++;
      socket.destroy();
    }),
    other.addresses.listen,
  );
  left.defer(() => void endpoint.close());

  const machine = await vmm.start([], guest);
  await machine.run(on());
  const { run } = await shellOf(machine);
  const said = await run(`${triesOf([loopback.port, everywhere.port, other.addresses.ssh.port])} & wait`);
  assert.doesNotMatch(said, /secret/);
  assert.deepEqual([loopback.visitors(), everywhere.visitors(), visitors], [0, 0, 0]);
});

test('the same guest reaches the loopback of the host once a template may ask for outgoing network', async () => {
  await using vmm = await bench({ allowsOutgoing: true });
  using loopback = await trap('127.0.0.1');
  const guest = await networkGuest(vmm.folder);
  const machine = await vmm.start([], { ...guest, nics: [{ network: 'outgoing' }] });
  await machine.run(on());
  const { run } = await shellOf(machine);
  assert.match(await run(`nc -w 3 100.64.1.2 ${loopback.port} </dev/null`), /secret/);
  const { notes } = await vmm.qemu.facts(on());
  assert.match(notes.join(), /loopback/);
});

test("the host reaches the guest's port 22 at the address it was given", async () => {
  await using vmm = await bench();
  const machine = await vmm.start([], await networkGuest(vmm.folder));
  await machine.run(on());
  const { run } = await shellOf(machine);
  await run(`(echo from-the-guest | nc -l -p 22) >/dev/null & usleep 300000`);
  const { host, port } = machine.addresses.ssh;
  const { connect } = await import('node:net');
  const socket = connect({ host, port });
  const [said] = (await once(socket, 'data')) as [Buffer];
  assert.equal(said.toString(), 'from-the-guest\n');
  socket.destroy();
});
