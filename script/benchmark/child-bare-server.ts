/**
 * A bare Node server that answers every GET with the same bytes, and prints its port.
 * usage: child-bare-server FILE, which holds { headers, body } in JSON
 */

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { z } from 'zod';

const Reply = z.object({ headers: z.record(z.string(), z.string()), body: z.string() });
const { headers, body } = Reply.parse(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')));
const bytes = Buffer.from(body);

const server = createServer((_, reply) => reply.writeHead(200, headers).end(bytes));
server.listen(0, '127.0.0.1', () => {
  const at = server.address();
  process.stdout.write(`${typeof at === 'object' && at !== null ? at.port : ''}\n`);
});
process.on('SIGTERM', () => process.exit(0));
