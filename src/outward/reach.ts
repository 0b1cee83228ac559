import { lookup as lookUp } from 'node:dns';
import { isIP } from 'node:net';
import type { LookupFunction } from 'node:net';
import { Fault, type FaultCode } from '../base/fault.ts';
import { isPublic } from './addresses.ts';
import { hostFor, hostnameOf, portOf, type NamedHost } from './hosts.ts';

/** What may be reached, asked before every connection. */
export type Reach = {
  /** Why this URL is not asked; undefined: it may be. An address in it is judged here, a name when it is looked up. */
  readonly refuse: (url: URL) => string | undefined;
  /** Whether a redirect from https to this URL, which is plain http, is followed. */
  readonly allowsPlain: (url: URL) => boolean;
  /** Looks a name up and gives the addresses that may be connected to, and no others; fails where there are none, and calls the URL as it is `shown`. */
  readonly lookup: (url: URL, shown: string) => LookupFunction;
};

/** What of a resolver is used: all addresses of a name. */
export type LookUp = (
  name: string,
  options: { readonly all: true; readonly family?: number },
  done: (
    error: NodeJS.ErrnoException | null,
    addresses: readonly { readonly address: string; readonly family: number }[],
  ) => void,
) => void;

type ReachParts = {
  /** What the key "hosts" of a table of the configuration lists. */
  readonly hosts: () => readonly NamedHost[];
  readonly table: string;
  /** What is done with these hosts, as in "that this one does not ...". */
  readonly verb: string;
  readonly refused: FaultCode;
  /** Default: http and https. */
  readonly schemes?: readonly string[];
};

const webSchemes = ['http', 'https'];

const privateAddress = (url: URL, address: string, { table }: ReachParts): string =>
  `leads to ${address}, which is an address of this host or of a private network; the key "hosts" of [${table}] must name it with its port, as "${url.hostname}:${portOf(url)}"`;

/** Why a URL may not be asked, as far as that shows in it: the end of a sentence that begins with the URL. */
const whyNot = (url: URL, parts: ReachParts): string | undefined => {
  const { schemes = webSchemes } = parts;
  if (!schemes.includes(url.protocol.slice(0, -1)))
    return schemes === webSchemes ? 'is neither http nor https' : `is none of ${schemes.join(', ')}`;
  if (url.username !== '' || url.password !== '') return 'has a user or a password in it';
  const named = hostFor(url, parts.hosts());
  const port = url.port === '' ? '' : `:${url.port}`;
  if (named === undefined)
    return `is on a host that this one does not ${parts.verb}: the key "hosts" of [${parts.table}] in its configuration does not name "${url.hostname}${port}"`;
  const address = hostnameOf(url);
  return named.port === undefined && isIP(address) !== 0 && !isPublic(address)
    ? privateAddress(url, address, parts)
    : undefined;
};

/**
 * Reaches the hosts that the configuration names, at public addresses; at others where it names the port too. The
 * addresses that are judged are those that are connected to: a name is looked up once for each connection.
 */
export const makeReach = (parts: ReachParts, lookUpAll: LookUp = lookUp): Reach => {
  const { hosts, refused: code } = parts;
  const lookup =
    (url: URL, shown: string): LookupFunction =>
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
            const why = privateAddress(url, refused?.address ?? 'no address', parts);
            return done(new Fault(code, `${shown} ${why}.`), '');
          }
          if (options.all === true) return done(null, [...fit]);
          done(null, first.address, first.family);
        },
      );
    };
  return {
    refuse: (url) => whyNot(url, parts),
    allowsPlain: (url) => hostFor(url, hosts())?.port !== undefined,
    lookup,
  };
};
