import type { Bound } from '../../base/bounded-file.ts';
import type { EventBounds } from '../machine/guest-events.ts';

/** What one build may write beside its disks. */
export type TextLimits = EventBounds & { readonly logMb: number; readonly consoleMb: number };

const mb = 2 ** 20;

export const boundOf = (limitMb: number, { flood }: Pick<TextLimits, 'flood'>): Bound => ({
  bytes: limitMb * mb,
  floodBytes: limitMb * mb * flood,
});

// An event is a row of at most about so much: an address of 512 characters, a user agent, numbers.
const eventBytes = 1024;

/** MiB that all of it takes at most. */
export const textsMb = ({ logMb, consoleMb, events, requests }: TextLimits): number =>
  logMb + consoleMb + Math.ceil(((events + requests) * eventBytes) / mb);
