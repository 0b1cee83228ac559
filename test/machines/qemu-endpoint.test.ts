import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { guest, startImaged, type Imaged } from '../fixtures/imaged.ts';
import { eventOf, eventsOf, firstPrompt, inShell, installerMachine, succeeded, textOf } from '../fixtures/tiny-builds.ts'; // prettier-ignore

let imaged: Imaged;
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'endpoint-test-'));
  imaged = await startImaged({ tables: '[hypervisor]\naccelerator = "tcg"', media: { tiny: guest, own: folder } });
});

after(async () => {
  await imaged[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Starts the installer's shell with a script that the endpoint serves, and lets it end the machine. */
const running = async (script: string, http: object = {}) =>
  imaged.post({
    template: {
      name: 'running',
      machine: await installerMachine(),
      http: { script, ...http },
      install: {
        console: inShell(
          '. /lib/http.sh; until [ -e /tmp/loaded ]; do sleep 1; done',
          'udhcpc -q -n -i vio0 -s /lib/dhcp >/dev/null 2>&1',
          'fetch {{ http_url }}/script /tmp/script; sh /tmp/script',
        ),
        ends: 'halt',
        timeout: '5m',
      },
    },
  });

/** Every port of the host that must stay out of reach, and who came there. */
const trap = async () => {
  const visitors: string[] = [];
  const server = createServer((socket) => {
    visitors.push(`${socket.remoteAddress}:${socket.remotePort}`);
    socket.on('error', () => undefined);
    socket.end('secret of the host\r\n');
  });
  server.listen(0, '0.0.0.0');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return { port: address.port, visitors, [Symbol.dispose]: () => void server.close() };
};

test('a guest reaches no other port of the host, and nothing of another machine', async () => {
  using open = await trap();
  // Another machine, whose endpoint has a secret, and which is there all the time.
  const other = await imaged.post({
    template: {
      name: 'other',
      machine: await installerMachine(),
      http: { secret: 'secret of another machine\n' },
      install: {
        console: [
          { hear: firstPrompt, within: '2m' },
          { hear: 'never', within: '10m' },
        ],
      },
    },
  });
  const { data } = await eventOf(imaged, other.id, ({ type }) => type === 'machine.started');
  assert.equal(data['name'], 'imaged-0');
  const api = Number(new URL(imaged.url()).port);
  const hosts = ['100.64.2.2', '100.64.2.5', '10.0.2.2', '100.64.1.2', '100.64.1.3', '100.64.1.4', '127.0.0.1'];
  const tries = hosts.flatMap((host) => [open.port, api, 80, 22].map((port) => `try ${host} ${port}`));
  const { id } = await running(
    [
      'ip route add default via 100.64.2.2',
      'try() { printf \'GET /secret HTTP/1.0\\r\\n\\r\\n\' | nc -w 2 $1 $2 2>/dev/null | sed "s/^/$1 $2 says /" & }',
      ...tries,
      'wait',
      'echo tried ${#}',
      '',
    ].join('\n'),
  );
  await succeeded(imaged, id);
  assert.equal((await eventsOf(imaged, id)).find(({ type }) => type === 'machine.started')?.data['name'], 'imaged-1');
  const said = await textOf(imaged, id, 'console');
  assert.match(said, /^tried 0\r$/m);
  assert.doesNotMatch(said, / says |secret of/);
  assert.deepEqual(open.visitors, []);

  await imaged.call(`/builds/${other.id}/cancel`, { method: 'POST' });
  assert.equal((await imaged.ended(other.id)).status, 'cancelled');
  assert.deepEqual((await eventsOf(imaged, other.id)).filter(({ type }) => type === 'http.request'), []); // prettier-ignore
});
