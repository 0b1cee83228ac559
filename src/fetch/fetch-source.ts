import type { NamedHost } from '../outward/hosts.ts';
import { makeReach, type LookUp } from '../outward/reach.ts';
import type { Source } from './source.ts';

/** What templates name by URL: from the hosts that the configuration lists, and from no others. */
export const fetchSource = (hosts: () => readonly NamedHost[], lookUp?: LookUp): Source => ({
  unavailable: 'fetch_failed',
  damaged: 'digest_mismatch',
  refused: 'fetch_refused',
  advice: 'Mend the URL in the template, or the table [fetch] of the configuration.',
  right: 'the file that its checksum names',
  reach: makeReach({ hosts, table: 'fetch', verb: 'fetch from', refused: 'fetch_refused' }, lookUp),
});
