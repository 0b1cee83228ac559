/**
 * POSTs builds, each different, on so many connections, and prints the milliseconds that each took as JSON.
 * usage: child-post URL TOKEN FILE CONNECTIONS COUNT NAME
 */

import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';

const [url = '', token = '', file = '', connections = '', count = '', name = ''] = process.argv.slice(2);
const ask: unknown = JSON.parse(readFileSync(file, 'utf8'));
const agent = new Agent({ keepAlive: true, maxSockets: Number(connections) });

const post = (labels: Readonly<Record<string, string>>): Promise<number> => {
  const body = JSON.stringify({ ...Object(ask), labels });
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  };
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const asked = request(new URL('/builds', url), { method: 'POST', agent, headers }, (reply) => {
      reply.resume().on('end', () => {
        if (reply.statusCode === 201) resolve(performance.now() - began);
        else reject(new Error(`POST /builds answered ${reply.statusCode}`));
      });
    });
    asked.on('error', reject).end(body);
  });
};

const times: number[] = [];
let next = 0;
const one = async () => {
  while (next < Number(count)) times.push(await post({ commit: `${name}-${next++}` }));
};
await Promise.all(Array.from({ length: Number(connections) }, one));
agent.destroy();
process.stdout.write(JSON.stringify(times));
