import { isIPv6 } from 'node:net';

// A listener on :: sees IPv4 clients in their mapped form (RFC 4291, 2.5.5.2).
const mapped = /^::ffff:(?=\d+\.)/i;

const groupsOf = (text: string): readonly string[] => (text === '' ? [] : text.split(':'));

/**
 * Who counts as one client: an IPv4 address, or the first 64 bits of an IPv6 address, as one host has them all to itself.
 * Undefined for this host: a reverse proxy there speaks for all its clients.
 */
export const clientAddress = (remote: string): string | undefined => {
  const address = remote.replace(mapped, '').replace(/%.*$/, '');
  if (!isIPv6(address)) return address.startsWith('127.') ? undefined : address;
  if (address === '::1') return undefined;
  const [head = '', tail] = address.split('::', 2);
  const [before, after] = [groupsOf(head), groupsOf(tail ?? '')];
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...Array<string>(Math.max(0, zeros)).fill('0'), ...after];
  return groups.slice(0, 4).join(':');
};
