import type { NamedHost } from './hosts.ts';
import type { Peer } from './peer.ts';
import { makeReach, type LookUp } from './reach.ts';

/** What builds are sent to and told of: the hosts that [destinations] lists, and no others. */
export const destination = (hosts: () => readonly NamedHost[], lookUp?: LookUp): Peer => ({
  unavailable: 'destination_unavailable',
  refused: 'destination_refused',
  advice: 'Mend the URL in the template, or the table [destinations] of the configuration.',
  reach: makeReach(
    {
      hosts,
      table: 'destinations',
      verb: 'send to',
      refused: 'destination_refused',
      schemes: ['http', 'https', 'sftp'],
    },
    lookUp,
  ),
});
