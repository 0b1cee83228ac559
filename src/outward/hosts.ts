import { hostPortOf, withoutBrackets } from '../base/http/host-port.ts';
import { ParseError } from '../base/text/parse-error.ts';

/** One line of `[fetch] hosts`. A port that is written also lets the host have a private address and speak plain http. */
export type NamedHost = {
  /** In lower case; without the `*` of `*.example.org`. */
  readonly name: string;
  readonly isBelow: boolean;
  readonly port?: number;
};

const bare = (hostname: string): string => withoutBrackets(hostname).toLowerCase();

const shape = /^(?:(\*)(?=\.))?(\[.+\]|\.?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)$/;

/** Reads `example.org`, `*.example.org`, `example.org:8080`, `127.0.0.1:8000` or `[::1]:8000`. Throws a ParseError. */
export const hostOf = (text: string): NamedHost => {
  const { host = '', port } = hostPortOf(text.toLowerCase()) ?? {};
  const [, star, name = ''] = shape.exec(host) ?? [];
  const isFit = name !== '' && name.startsWith('.') === (star !== undefined);
  if (!isFit) throw new ParseError('is no host: write "example.org", "*.example.org" or "example.org:8080"');
  const isBelow = star !== undefined;
  return { name: bare(name), isBelow, ...(port === undefined ? {} : { port }) };
};

const usualPorts: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443, 'sftp:': 22 };

/** The port that a URL names, or the usual one of its scheme. */
export const portOf = ({ protocol, port }: URL): number => (port === '' ? (usualPorts[protocol] ?? 0) : Number(port));

/** The line that lets a URL be fetched, one with its port before any other; undefined where none does. */
export const hostFor = (url: URL, hosts: readonly NamedHost[]): NamedHost | undefined => {
  const name = bare(url.hostname);
  const port = portOf(url);
  const isUsual = port === usualPorts[url.protocol];
  const fits = hosts.filter((host) => {
    const isNamed = host.isBelow ? name.endsWith(host.name) && name.length > host.name.length : name === host.name;
    return isNamed && (host.port === undefined ? isUsual : host.port === port);
  });
  return fits.find((host) => host.port !== undefined) ?? fits[0];
};

/** The name or the address in a URL, without the brackets of IPv6. */
export const hostnameOf = (url: URL): string => bare(url.hostname);
