import { lookup as lookUp } from 'node:dns';
import { isIP } from 'node:net';
import type { LookupFunction } from 'node:net';
import { Fault } from '../base/fault.ts';
import { isPublic } from './addresses.ts';
import { hostFor, hostnameOf, portOf, type Host } from './hosts.ts';
import type { Reach } from './source.ts';

/** What of a resolver is used: all addresses of a name. */
export type LookUp = (
  name: string,
  options: { readonly all: true; readonly family?: number },
  done: (
    error: NodeJS.ErrnoException | null,
    addresses: readonly { readonly address: string; readonly family: number }[],
  ) => void,
) => void;

const privateAddress = (url: URL, address: string): string =>
  `leads to ${address}, which is an address of this host or of a private network; the key "hosts" of [fetch] must name it with its port, as "${url.hostname}:${portOf(url)}"`;

/** Why a URL may not be fetched, as far as that shows in it: the end of a sentence that begins with the URL. */
const whyNot = (url: URL, hosts: readonly Host[]): string | undefined => {
  if (!/^https?:$/.test(url.protocol)) return 'is neither http nor https';
  if (url.username !== '' || url.password !== '') return 'has a user or a password in it';
  const named = hostFor(url, hosts);
  const port = url.port === '' ? '' : `:${url.port}`;
  if (named === undefined)
    return `is on a host that this one does not fetch from: the key "hosts" of [fetch] in its configuration does not name "${url.hostname}${port}"`;
  const address = hostnameOf(url);
  return named.port === undefined && isIP(address) !== 0 && !isPublic(address)
    ? privateAddress(url, address)
    : undefined;
};

/**
 * Reaches the hosts that the configuration names, at public addresses; at others where it names the port too. The
 * addresses that are judged are those that are connected to: a name is looked up once for each connection.
 */
export const makeReach = (hosts: () => readonly Host[], lookUpAll: LookUp = lookUp): Reach => {
  const lookup =
    (url: URL): LookupFunction =>
    (name, options, done) => {
      lookUpAll(
        name,
        { all: true, ...(typeof options.family === 'number' ? { family: options.family } : {}) },
        (error, all) => {
          if (error !== null) return done(error, '');
          const mayBePrivate = hostFor(url, hosts())?.port !== undefined;
          const fit = all.filter(({ address }) => mayBePrivate || isPublic(address));
          const [first] = fit;
          if (first === undefined) {
            const [refused] = all;
            const why = privateAddress(url, refused?.address ?? 'no address');
            return done(new Fault('fetch_refused', `${url.href} ${why}.`), '');
          }
          if (options.all === true) return done(null, [...fit]);
          done(null, first.address, first.family);
        },
      );
    };
  return {
    refuse: (url) => whyNot(url, hosts()),
    allowsPlain: (url) => hostFor(url, hosts())?.port !== undefined,
    lookup,
  };
};
