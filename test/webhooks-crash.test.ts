import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { untilTrue } from './fixtures/until-true.ts';
import { webhookReceiver } from './webhook-receiver.ts';
import { quick, webhookShop } from './webhook-shop.ts';

const child = fileURLToPath(new URL('webhook-child.js', import.meta.url));

/** Lets a daemon end so many builds and tell of them, kills it, and gives the builds that it said had ended. */
const killedAfter = async (file: string, url: string, builds: number): Promise<readonly string[]> => {
  const daemon = spawn(process.execPath, [child, file, url], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(daemon, 'exit');
  const said: string[] = [];
  const lines = createInterface({ input: daemon.stdout });
  const closed = once(lines, 'close');
  lines.on('line', (line) => said.push(line));
  await untilTrue(() => said.length >= builds || daemon.exitCode !== null);
  daemon.kill('SIGKILL');
  await exited;
  await closed;
  return said;
};

test('a daemon that is killed in the middle forgets no delivery, and one that has been taken is not sent again', async (t) => {
  const kills = 6;
  const taken = new Set<string>();
  let repeated = 0;
  let broken = 0;
  await using receiver = await webhookReceiver((reply, request) => {
    const id = String(request.headers['webhook-id']);
    if (taken.has(id)) repeated += 1;
    // Now and then it has trouble of its own.
    if (Math.random() < 0.2) {
      broken += 1;
      return void reply.writeHead(500).end();
    }
    taken.add(id);
    reply.writeHead(200).end();
  });
  await using shop = await webhookShop([`127.0.0.1:${receiver.port}`]);
  await shop.shop.store[Symbol.asyncDispose]();
  const ended: string[] = [];
  for (let kill = 0; kill < kills; kill++)
    ended.push(...(await killedAfter(shop.shop.file, receiver.url, 1 + Math.floor(Math.random() * 10))));
  await shop.restart();
  const pending = async () => {
    shop.pass(3_600_000);
    const due = await shop.shop.store.nextDelivery([]);
    return due !== undefined;
  };
  await untilTrue(async () => !(await pending()));
  for (const build of ended) {
    const { delivery } = await shop.only(build);
    assert.equal(delivery.state, 'delivered', `the end of ${build} was told`);
    assert.ok(taken.has(delivery.id));
  }
  t.diagnostic(
    `${ended.length} builds, ${taken.size} told, ${broken} refused, ${repeated} told twice under the same id`,
  );
  assert.ok(ended.length >= kills, `only ${ended.length} builds`);
  // Whose answer was on its way when the daemon was killed: its receiver knows it by its id.
  assert.ok(repeated <= kills * quick.atOnceForHost, `${repeated} were told twice`);
  const bodies = new Map<string, string>();
  for (const { headers, body } of receiver.received) {
    const id = String(headers['webhook-id']);
    assert.equal(bodies.get(id) ?? body, body, 'one id stands for one body');
    bodies.set(id, body);
  }
});
