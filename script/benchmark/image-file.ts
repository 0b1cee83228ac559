import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';

const mb = 2 ** 20;

// So many different blocks, in another order each time: what compresses like a disk, and repeats too far apart to be found.
const different = 64;

/** Bytes that compress to about a third, as those of programs and texts do. */
const programLike = (): Buffer => {
  const words = Array.from({ length: 4096 }, (_, at) => randomBytes(1 + (at % 8)).toString('base64url'));
  const chosen = new Uint16Array(mb / 4).map(() => Math.random() * words.length);
  return Buffer.from(Array.from(chosen, (at) => words[at]).join(' ')).subarray(0, mb);
};

/** A file as an image of a disk is: half of it zeros, a quarter like programs, a quarter that does not compress. */
export const writeImage = async (path: string, megabytes: number): Promise<void> => {
  const blocks = Array.from({ length: different }, (_, at) => (at % 2 === 0 ? programLike() : randomBytes(mb)));
  const zeros = Buffer.alloc(mb);
  await using file = await open(path, 'wx');
  for (let at = 0; at < megabytes; at++)
    await file.write(at % 2 === 0 ? zeros : (blocks[Math.floor(Math.random() * different)] ?? zeros));
};

/** A file of so many bytes, nearly all of which are a hole. */
export const writeSparse = async (path: string, bytes: number): Promise<void> => {
  await using file = await open(path, 'wx');
  await file.truncate(bytes);
  for (let at = 0; at < 64; at++) await file.write(randomBytes(mb), 0, mb, Math.floor((at * bytes) / 64));
};
