/** The way from the host to a guest in a network namespace, opened by the slirp4netns of that namespace. */

import { once } from 'node:events';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import type { Clock } from '../../../base/clock.ts';
import { Fault } from '../../../base/fault.ts';
import { orAborted, retry } from '../../../base/waiting.ts';
import { machineFiles } from '../names.ts';
import { namespaceIp, namespacePort } from './outgoing.ts';
import { connectUnix } from '../../unix-socket.ts';

const freePort = async (signal: AbortSignal): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening', { signal });
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server without a port');
  return address.port;
};

const Answer = z.union([
  z.object({ return: z.unknown() }),
  z.object({ error: z.object({ desc: z.string() }) }).transform(({ error }) => ({ refused: error.desc })),
]);

/** One connection carries one request (slirp4netns(1), "API socket"). */
const ask = async (path: string, request: unknown, signal: AbortSignal) => {
  const socket = await connectUnix(path, signal);
  try {
    socket.end(JSON.stringify(request));
    return Answer.parse(JSON.parse(await orAborted(text(socket), signal)));
  } finally {
    socket.destroy();
  }
};

const untilAPortIsFree = { attempts: 20, firstMs: 1, growth: 1.5, mostMs: 100 };

/**
 * Opens a port of the host's loopback that leads to port 22 of the guest, and returns it. slirp4netns wants to be told
 * which; it refuses one that was taken meanwhile, and then it is asked for another. Throws `hypervisor_failed`.
 */
export const openSshPort = (folder: string, network: string, clock: Clock, signal: AbortSignal): Promise<number> => {
  const open = async () => {
    const port = await freePort(signal);
    const where = { host_addr: '127.0.0.1', host_port: port, guest_addr: namespaceIp(network) };
    const request = { execute: 'add_hostfwd', arguments: { proto: 'tcp', ...where, guest_port: namespacePort } };
    const answer = await ask(machineFiles(folder).network, request, signal);
    if ('refused' in answer)
      throw new Fault('hypervisor_failed', `slirp4netns opens no port to the guest: ${answer.refused}`, { port });
    return port;
  };
  return retry(open, untilAPortIsFree, (error) => error instanceof Fault, clock, signal);
};
