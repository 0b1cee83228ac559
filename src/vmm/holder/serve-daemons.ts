import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import type { SaidFile } from './said-file.ts';
import type { LineSource } from './source.ts';

/** Types what a daemon sends, and reads no more of it than the line takes. */
const takeTyping = async (daemon: Socket, source: LineSource): Promise<void> => {
  try {
    for await (const chunk of daemon) await source.write(chunk as Buffer);
  } catch {
    // The daemon has gone, or the line has.
  } finally {
    daemon.destroy();
  }
};

/**
 * Listens for daemons on a socket: each is told the number of this process, and what it sends is typed. `onComes` is told
 * whenever one has come. Resolves when it listens.
 */
export const serveDaemons = (path: string, source: LineSource, said: SaidFile, onComes: () => void): Promise<void> => {
  let here = 0;
  const server = createServer((daemon) => {
    here += 1;
    said.attend('daemon');
    onComes();
    daemon.on('error', () => undefined);
    daemon.once('close', () => {
      here -= 1;
      if (here === 0) said.attend('nobody');
    });
    daemon.write(`${process.pid}\n`);
    void takeTyping(daemon, source);
  });
  rmSync(path, { force: true });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
};
