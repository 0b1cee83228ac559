import { ParseError } from '../text/parse-error.ts';

export type HostPort = {
  /** As it was written: an address of IPv6 in brackets. */
  readonly host: string;
  readonly port?: number;
};

/** A name or an address without the brackets that IPv6 has in front of a port. */
export const withoutBrackets = (host: string): string => host.replace(/^\[|\]$/g, '');

/** Takes `host`, `host:port` or `[::1]:port` apart; undefined for what is none. Throws a ParseError for too large a port. */
export const hostPortOf = (text: string): HostPort | undefined => {
  const [, host, port] = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]\s]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (host === undefined) return undefined;
  if (Number(port ?? 0) > 65_535) throw new ParseError('has a port above 65535');
  return { host, ...(port === undefined ? {} : { port: Number(port) }) };
};
