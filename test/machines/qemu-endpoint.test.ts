import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startImaged, type Imaged } from '../fixtures/imaged.ts';
import { eventsOf } from '../fixtures/follow-events.ts';
import { eventOf, scripted, staying, succeeded, textOf, tryPort } from '../fixtures/tiny-builds.ts';
import { trap } from '../fixtures/trap.ts';

let imaged: Imaged;

before(async () => {
  imaged = await startImaged({ tables: '[hypervisor.qemu]\naccelerator = "tcg"' });
});

after(async () => {
  await imaged[Symbol.asyncDispose]();
});

test('a guest reaches no other port of the host, and nothing of another machine', async () => {
  using open = await trap('0.0.0.0');
  const other = await imaged.post({ template: await staying() });
  const { data } = await eventOf(imaged, other.id, ({ type }) => type === 'machine.started');
  assert.equal(data['name'], 'imaged-0');
  const api = Number(new URL(imaged.url()).port);
  const hosts = ['100.64.2.2', '100.64.2.5', '10.0.2.2', '100.64.1.2', '100.64.1.3', '100.64.1.4', '127.0.0.1'];
  const tries = hosts.flatMap((host) => [open.port, api, 80, 22].map((port) => `try ${host} ${port}`));
  const script = ['ip route add default via 100.64.2.2', tryPort, ...tries, 'wait', 'echo tried ${#}'];
  const { id } = await imaged.post({ template: await scripted(script) });
  await succeeded(imaged, id);
  assert.equal((await eventsOf(imaged, id)).find(({ type }) => type === 'machine.started')?.data['name'], 'imaged-1');
  const said = await textOf(imaged, id, 'console');
  assert.match(said, /^tried 0\r$/m);
  assert.doesNotMatch(said, / says |secret of/);
  assert.equal(open.visitors(), 0);

  await imaged.call(`/builds/${other.id}/cancel`, { method: 'POST' });
  assert.equal((await imaged.ended(other.id)).status, 'cancelled');
  assert.deepEqual((await eventsOf(imaged, other.id)).filter(({ type }) => type === 'http.request'), []); // prettier-ignore
});
