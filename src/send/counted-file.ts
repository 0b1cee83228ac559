import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import type { RequestBody } from '../outward/request.ts';

// As large as what a TLS record and a socket take at once several times over.
const blockBytes = 256 * 1024;

/** A file as the body of a request; `tell` hears how many bytes of it were handed to the connection. */
export const countedFile = (path: string, bytes: number, tell: (bytes: number) => void): RequestBody => ({
  bytes,
  open: (): Readable => {
    let sent = 0;
    const stream = createReadStream(path, { highWaterMark: blockBytes, ...(bytes > 0 ? { end: bytes - 1 } : {}) });
    return stream.on('data', (block) => {
      sent += block.length;
      tell(sent);
    });
  },
});
