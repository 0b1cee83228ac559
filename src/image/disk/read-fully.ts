import type { FileHandle } from 'node:fs/promises';

/** Fills the buffer from an open file; what lies behind the file's end is zero. */
export const readFully = async (file: FileHandle, buffer: Buffer, at: number): Promise<void> => {
  for (let done = 0; done < buffer.length;) {
    const { bytesRead } = await file.read(buffer, done, buffer.length - done, at + done);
    if (bytesRead === 0) {
      buffer.fill(0, done);
      return;
    }
    done += bytesRead;
  }
};
