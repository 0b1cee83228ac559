import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Lets only those connections reach an HTTP server's parser for which `admit` says so; the others are the caller's. */
export const admitOnly = (server: Server, admit: (socket: Socket) => boolean): void => {
  const [serve] = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    if (admit(socket)) serve?.call(server, socket);
  });
};
