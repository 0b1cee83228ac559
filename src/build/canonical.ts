import { createHash } from 'node:crypto';

// Not canonicalize (RFC 8785): digests that are in the store were made this way, which differs for keys like "10".
const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : typeof value === 'object' && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, item]) => [key, sorted(item)]),
        )
      : value;

/** SHA-256 in hexadecimal over a value's JSON with its keys in order: equal for what means the same. */
export const digestOf = (value: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex');
