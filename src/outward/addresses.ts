import { BlockList, isIPv6 } from 'node:net';

// What is no address of the public Internet (IANA's special-purpose registries, RFC 6890), besides multicast.
const networks: Readonly<Record<'ipv4' | 'ipv6', readonly (readonly [string, number])[]>> = {
  ipv4: [
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
    ['169.254.0.0', 16],
    ['172.16.0.0', 12],
    ['192.0.0.0', 24],
    ['192.0.2.0', 24],
    ['192.168.0.0', 16],
    ['198.18.0.0', 15],
    ['198.51.100.0', 24],
    ['203.0.113.0', 24],
    ['224.0.0.0', 3],
  ],
  // These hold loopback, addresses of IPv4 in several forms (mapped, translated, 6to4, Teredo), and what is local.
  ipv6: [
    ['::', 8],
    ['64:ff9b::', 32],
    ['100::', 64],
    ['2001::', 23],
    ['2001:db8::', 32],
    ['2002::', 16],
    ['3fff::', 20],
    ['5f00::', 16],
    ['fc00::', 7],
    ['fe80::', 9],
    ['ff00::', 8],
  ],
};

// One list for each family: a list takes an address of IPv4 for its mapped one, and so for one of `::/8`.
const special = { ipv4: new BlockList(), ipv6: new BlockList() };
for (const family of ['ipv4', 'ipv6'] as const)
  for (const [network, prefix] of networks[family]) special[family].addSubnet(network, prefix, family);

/** Whether an address, written as IPv4 or IPv6, lies on the public Internet. */
export const isPublic = (address: string): boolean => {
  const plain = address.replace(/%.*$/, '');
  const family = isIPv6(plain) ? 'ipv6' : 'ipv4';
  return !special[family].check(plain, family);
};
