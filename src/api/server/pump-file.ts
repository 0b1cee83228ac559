import type { FileHandle } from 'node:fs/promises';
import type { Writable } from 'node:stream';

// Large enough that a turn of the event loop is worth it, small enough to stay in the processor's cache.
const chunkBytes = 256 * 1024;

const written = (sink: Writable, chunk: Uint8Array): Promise<boolean> =>
  new Promise((resolve) => {
    // A sink that has closed calls nobody back for what was never written.
    const closed = () => resolve(false);
    if (sink.destroyed) return resolve(false);
    sink.once('close', closed);
    sink.write(chunk, (error) => {
      sink.off('close', closed);
      resolve(!error);
    });
  });

/**
 * Writes `length` bytes of a file from `start` on. Two buffers take turns, one being read while the other is written:
 * a stream's fresh buffer for every chunk costs more than the copying. False: the reader has gone, or the file ended
 * too early; either way the sink is not complete.
 */
export const pumpFile = async (file: FileHandle, sink: Writable, start: number, length: number): Promise<boolean> => {
  const end = start + length;
  const read = (buffer: Buffer, at: number) => {
    const reading = file.read(buffer, 0, Math.min(chunkBytes, end - at), at);
    // It may fail while the chunk before is still being written; its error is met where it is awaited.
    reading.then(undefined, () => undefined);
    return reading;
  };
  let reading = read(Buffer.allocUnsafeSlow(Math.min(chunkBytes, length)), start);
  let spare: Buffer = Buffer.allocUnsafeSlow(Math.min(chunkBytes, length));
  for (let at = start; at < end;) {
    const { bytesRead, buffer } = await reading;
    if (bytesRead === 0) return false;
    at += bytesRead;
    if (at < end) reading = read(spare, at);
    spare = buffer;
    if (!(await written(sink, buffer.subarray(0, bytesRead)))) {
      // Nobody may close the file while it is being read.
      await reading;
      return false;
    }
  }
  return true;
};
