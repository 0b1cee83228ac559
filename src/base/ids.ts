import { randomBytes } from 'node:crypto';
import { decodeTime, monotonicFactory } from 'ulid';
import { z } from 'zod';

/** A ULID: 26 characters, sorted by the time it was made. */
export const Id = z.string().regex(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/, 'is not an id: 26 characters in Crockford base 32');

/** An id as a client writes it, in upper or lower case; as it is kept, in upper case, once it is read. */
export const AskedId = z
  .string()
  .regex(/^[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}$/, 'is not an id: 26 characters in Crockford base 32')
  .toUpperCase();

/** When an id was made: Unix milliseconds. */
export const timeOfId = (id: string): number => decodeTime(id);

export type Ids = { readonly id: () => string; readonly secret: () => string };

const ulid = monotonicFactory();

/** Ids sort in the order in which they were made, even within a millisecond; secrets have 256 bits. */
export const systemIds: Ids = { id: () => ulid(), secret: () => randomBytes(32).toString('base64url') };
