import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { startImaged, type Imaged } from '../fixtures/imaged.ts';
import { eventOf, scripted, staying, succeeded, textOf, tryPort } from '../fixtures/tiny-builds.ts';

let imaged: Imaged;

before(async () => {
  imaged = await startImaged();
});

after(async () => {
  await imaged[Symbol.asyncDispose]();
});

const trapProgram = `
import { createServer } from 'node:net';
const server = createServer((socket) => {
  console.log('visitor', socket.remoteAddress);
  socket.on('error', () => undefined);
  socket.end('secret of the host\\r\\n');
});
server.listen(0, '0.0.0.0', () => console.log('port', server.address().port));
process.stdin.on('end', () => process.exit()).resume();
`;

/** A server on every address of the machines' host, which tells who came. */
const trap = async () => {
  const [program = '', ...args] =
    imaged.vmd?.inside([process.execPath, '--input-type=module', '-e', trapProgram]) ?? [];
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const heard = createInterface({ input: child.stdout });
  heard.on('line', (line) => lines.push(line));
  await once(heard, 'line');
  return {
    port: z.coerce.number().parse(lines[0]?.slice('port '.length)),
    visitors: () => lines.slice(1),
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
};

const Started = z.looseObject({ name: z.string(), host_ip: z.string(), command: z.array(z.string()) });
const startedOf = async (id: string) =>
  Started.parse((await eventOf(imaged, id, ({ type }) => type === 'machine.started')).data);

test('a guest reaches its endpoint on its own tap, and no other port of the host and nothing of another machine', async () => {
  await using open = await trap();
  const other = await imaged.post({ template: await staying() });
  const { host_ip: foreign, command } = await startedOf(other.id);
  assert.doesNotMatch(command.join(' '), /\//, 'the event names a folder of the host');
  assert.match(foreign, /^100\.64\.\d+\.2$/);
  const hosts = ['$HOST', foreign, foreign.replace(/2$/, '3'), '10.0.2.2', '127.0.0.1'];
  const tries = hosts
    .flatMap((host) => [open.port, 8080, 8079, 80, 22].map((port) => ({ host, port })))
    .filter(({ host, port }) => !(host === '$HOST' && port === 8079));
  const lines = tries.map(({ host, port }) => `try ${host} ${port}`);
  const { id } = await imaged.post({ template: await scripted([tryPort, ...lines, 'wait', 'echo tried ${#}']) });
  const { host_ip: own } = await startedOf(id);
  assert.notEqual(own, foreign);
  await succeeded(imaged, id);
  const said = await textOf(imaged, id, 'console');
  assert.match(said, /^tried 0\r$/m);
  assert.doesNotMatch(said, / says |secret of/);
  assert.deepEqual(open.visitors(), []);
  const log = await textOf(imaged, id, 'log');
  assert.match(log, /guest asked GET \/script: 200/);
  await imaged.call(`/builds/${other.id}/cancel`, { method: 'POST' });
  assert.equal((await imaged.ended(other.id)).status, 'cancelled');
});
