import { createServer } from 'node:net';
import { request } from 'node:http';
import { errnoOf } from '../base/errno.ts';
import { z } from 'zod';
import type { PortState } from './types.ts';

const Health = z.object({ status: z.literal('ok'), version: z.string() });

const mostMsOfHealth = 2_000;
const mostBytes = 64 * 1024;

/** Whether it is imaged that listens there: no other program answers /healthz like that. */
const isImaged = (host: string, port: number, signal: AbortSignal): Promise<boolean> =>
  new Promise((resolve) => {
    const no = () => resolve(false);
    const asked = request({ host, port, path: '/healthz', signal, timeout: mostMsOfHealth, agent: false }, (reply) => {
      let text = '';
      reply.setEncoding('utf8').on('error', no);
      reply.on('data', (part: string) => {
        text += part;
        if (text.length > mostBytes) asked.destroy();
      });
      reply.on('close', no);
      reply.on('end', () => {
        try {
          resolve(Health.safeParse(JSON.parse(text)).success);
        } catch {
          no();
        }
      });
    });
    asked.on('error', no).on('timeout', () => asked.destroy());
    asked.end();
  });

/** Tries to listen, and lets go at once; where that fails, asks whether imaged is there already. */
export const portState = async (host: string, port: number, signal: AbortSignal): Promise<PortState> => {
  const server = createServer();
  const code = await new Promise<string | undefined>((resolve) => {
    server.once('error', (error: Error) => resolve(errnoOf(error) ?? error.message));
    server.listen({ host, port, exclusive: true, signal }, () => resolve(undefined));
  });
  if (code === undefined) {
    await new Promise((resolve) => server.close(resolve));
    return 'free';
  }
  if (code !== 'EADDRINUSE') return { why: code };
  return (await isImaged(host, port, signal)) ? 'ours' : 'taken';
};
