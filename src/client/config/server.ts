import { ClientError } from '../client-error.ts';
import { readHosts, type KnownHost, type Hosts } from './hosts.ts';

/** The daemon that a command is for. */
export type Server = { readonly url: URL; readonly token?: string };

/** An address as somebody typed it. Throws `usage`. */
export const urlFrom = (text: string, where: string): URL => {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '' || url.username !== '')
    throw new ClientError(
      'usage',
      `${where} is ${JSON.stringify(text)}: write an address such as http://127.0.0.1:8080.`,
    );
  return url;
};

/** A token as somebody gave it. Throws `usage`, and does not say what it was. */
export const tokenFrom = (text: string, where: string): string => {
  if (!/^[\x21-\x7e]{1,512}$/.test(text))
    throw new ClientError('usage', `${where} is no token: a token is one word of ASCII, at most 512 characters long.`);
  return text;
};

const serverOf = ({ url, token }: KnownHost, where: string): Server => ({
  url: urlFrom(url, `${where}.url`),
  ...(token === undefined ? {} : { token: tokenFrom(token, `${where}.token`) }),
});

const named = ({ file, hosts }: Hosts, name: string): Server => {
  const host = Object.hasOwn(hosts, name) ? hosts[name] : undefined;
  if (host !== undefined) return serverOf(host, `${file}: hosts.${name}`);
  const known = Object.keys(hosts);
  const there = known.length === 0 ? 'it names none' : `it has: ${known.join(', ')}`;
  throw new ClientError('usage', `There is no host ${JSON.stringify(name)} in ${file}: ${there}. See: imagectl login.`);
};

const sameAddress = (one: string, other: URL): boolean => URL.parse(one)?.href === other.href;

/**
 * Which daemon to ask, and with what token: the host that `--host` names; else IMAGED_URL with IMAGED_TOKEN, or with the
 * token that the configuration keeps for that address; else the default host of the configuration. A token goes to the
 * address that it was given for, and to no other. Throws `usage`.
 */
export const findServer = async (
  host: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Server> => {
  const { IMAGED_URL: address, IMAGED_TOKEN: token } = environment;
  if (host === undefined && address !== undefined && address !== '') {
    const url = urlFrom(address, 'IMAGED_URL');
    if (token !== undefined && token !== '') return { url, token: tokenFrom(token, 'IMAGED_TOKEN') };
    const known = Object.values((await readHosts(environment)).hosts).find((one) => sameAddress(one.url, url));
    return known === undefined ? { url } : { ...serverOf(known, 'The configuration'), url };
  }
  const hosts = await readHosts(environment);
  const name = host ?? hosts.default;
  if (name !== undefined) return named(hosts, name);
  throw new ClientError(
    'usage',
    'No imaged is known. Set IMAGED_URL and IMAGED_TOKEN, or type: imagectl login http://127.0.0.1:8080',
  );
};
