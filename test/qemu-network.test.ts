import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { cleanupStack } from '../src/base/cleanup.ts';
import type { Machine } from '../src/vmm/types.ts';
import { isLong } from './fixtures/hypervisor.ts';
import { networkGuest, shellOf } from './fixtures/network-guest.ts';
import { bench, on } from './fixtures/qemu-bench.ts';
import { listening, trap } from './fixtures/trap.ts';

const triesOf = (ports: readonly number[]) =>
  ['100.64.1.2', '100.64.1.4', '100.64.1.5', '10.0.2.2', '127.0.0.1', '100.64.2.2', '100.64.2.3', '100.64.2.4']
    .flatMap((ip) => [...ports, ...(ip === '100.64.1.4' ? [] : [80])].map((port) => `${ip} ${port}`))
    .map((where) => `nc -w 1 ${where} </dev/null`)
    .join(' & ');

type Shell = Awaited<ReturnType<typeof shellOf>>;

/** Fetches from the machine's endpoint, again and again, and compares what came. */
const proveEndpoint = async ({ addresses }: Machine, { banner, run }: Shell): Promise<void> => {
  const { listen, http, guestIp } = addresses;
  assert.ok(listen && 'path' in listen);
  await using left = cleanupStack();
  const body = randomBytes(1_000_000);
  const asked: string[] = [];
  const server = createHttp((request, response) => {
    asked.push(request.url ?? '');
    response.end(body);
  });
  await listening(server, listen);
  left.defer(() => void server.close());
  assert.match(banner, new RegExp(`inet ${guestIp.replaceAll('.', '\\.')}/24`));
  const sum = createHash('md5').update(body).digest('hex');
  const fetch = `printf 'GET /%s HTTP/1.0\\r\\n\\r\\n' $n | nc ${http.ip} ${http.port} | sed '1,/^\\r$/d' | md5sum`;
  const said = await run(`for n in 1 2 3 4 5; do ${fetch}; done`);
  assert.deepEqual(
    said.match(/[0-9a-f]{32}/g),
    Array.from({ length: 5 }, () => sum),
  );
  assert.deepEqual(asked, ['/1', '/2', '/3', '/4', '/5']);
};

/** Tries the ports of the host and of another machine, none of which may answer. */
const proveAlone = async (other: Machine, { run }: Shell): Promise<void> => {
  await using left = cleanupStack();
  using loopback = await trap('127.0.0.1');
  using everywhere = await trap('0.0.0.0');
  assert.ok(other.addresses.listen && 'path' in other.addresses.listen);
  let visitors = 0;
  const endpoint = await listening(
    createServer((socket) => {
      visitors++;
      socket.destroy();
    }),
    other.addresses.listen,
  );
  left.defer(() => void endpoint.close());
  const said = await run(`${triesOf([loopback.port, everywhere.port, other.addresses.ssh.port])} & wait`);
  assert.doesNotMatch(said, /secret/);
  assert.deepEqual([loopback.visitors(), everywhere.visitors(), visitors], [0, 0, 0]);
};

const proveReached = async ({ addresses }: Machine, { run }: Shell): Promise<void> => {
  await run(`(echo from-the-guest | nc -l -p 22) >/dev/null & usleep 300000`);
  const { host, port } = addresses.ssh;
  const socket = connect({ host, port });
  const [said] = (await once(socket, 'data')) as [Buffer];
  assert.equal(said.toString(), 'from-the-guest\n');
  socket.destroy();
};

const cards = isLong
  ? ([['local'], ['local', 'outgoing'], ['outgoing']] as const)
  : ([['local'], ['local', 'outgoing']] as const);

// A boot takes longer than what is tried after it: each kind of machine has one.
for (const networks of cards)
  test(`with ${networks.join(' and ')} network`, async (t) => {
    await using vmm = await bench({ allowsOutgoing: networks.some((network) => network === 'outgoing') });
    const guest = await networkGuest(vmm.folder);
    const machine = await vmm.start([], { ...guest, nics: networks.map((network) => ({ network })) });
    const other = await vmm.start([], {}, 1);
    await machine.run(on());
    const shell = await shellOf(machine);
    await t.test('a guest reaches its own endpoint at port 80, as often as it likes, to the last byte', () =>
      proveEndpoint(machine, shell),
    );
    if (networks.length === 1 && networks[0] === 'local')
      await t.test('a guest reaches no other port of the host, and nothing of another machine', () =>
        proveAlone(other, shell),
      );
    await t.test('the host reaches port 22 of a guest at the address it was given', () => proveReached(machine, shell));
  });
