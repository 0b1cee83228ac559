import { randomBytes, randomFillSync } from 'node:crypto';
import { decodeTime, monotonicFactory } from 'ulid';
import { z } from 'zod';

const notAnId = 'is not an id: ids have 26 characters, such as 01JZ8Q4M3V9T7K2E5W6X1Y0ABC';

/** A ULID: 26 characters, sorted by the time it was made. */
export const Id = z.string().regex(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/, notAnId);

/** An id as a client writes it, in upper or lower case; as it is kept, in upper case, once it is read. */
export const AskedId = z
  .string()
  .regex(/^[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}$/, notAnId)
  .toUpperCase();

/** When an id was made: Unix milliseconds. */
export const timeOfId = (id: string): number => decodeTime(id);

export type Ids = { readonly id: () => string; readonly secret: () => string };

const poolBytes = 512;

/** A random number from 0 up to and without 1 for each call, in steps of 2^-8: the 32 letters of an id need no more. */
const makeRandom = (): (() => number) => {
  const pool = Buffer.alloc(poolBytes);
  let next = poolBytes;
  // Asking for a byte at a time takes as long as for all of these.
  return () => {
    if (next === poolBytes) {
      randomFillSync(pool);
      next = 0;
    }
    return pool.readUInt8(next++) / 256;
  };
};

const ulid = monotonicFactory(makeRandom());

/** Ids sort in the order in which they were made, even within a millisecond; secrets have 256 bits. */
export const systemIds: Ids = { id: () => ulid(), secret: () => randomBytes(32).toString('base64url') };
