import { isIPv4, isIPv6 } from 'node:net';
import { quoted } from '../../../base/text/nearest.ts';
import { manyArgs, type HclCall, type FunctionTable } from './kind.ts';

/** A network: its first address as a number, and how many bits of it are fixed. */
type Network = { readonly address: bigint; readonly prefix: number; readonly bits: 32 | 128 };

const ofIpv4 = (text: string): bigint => text.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);

const ofIpv6 = (text: string): bigint => {
  const plain = text.replace(/(\d+\.\d+\.\d+\.\d+)$/, (ipv4) => {
    const value = ofIpv4(ipv4);
    return `${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
  });
  const [head = '', tail] = plain.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const [before, behind] = [groups(head), groups(tail ?? '')];
  const all = [...before, ...Array.from({ length: 8 - before.length - behind.length }, () => '0'), ...behind];
  return all.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
};

const textOf = (address: bigint, bits: 32 | 128): string => {
  const size = bits === 32 ? 8n : 16n;
  const groups = Array.from({ length: bits === 32 ? 4 : 8 }, (_, index) => {
    const shift = BigInt(bits) - size * BigInt(index + 1);
    return ((address >> shift) & ((1n << size) - 1n)).toString(bits === 32 ? 10 : 16);
  });
  // The URL standard writes IPv6 addresses as RFC 5952 has them.
  return bits === 32 ? groups.join('.') : new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
};

const networkOf = (call: HclCall): Network => {
  const text = call.text(0);
  const [address = '', prefix = ''] = text.split('/');
  const bits = isIPv4(address) ? 32 : 128;
  const length = /^\d{1,3}$/.test(prefix) ? Number(prefix) : NaN;
  if ((bits === 128 && !isIPv6(address)) || address.includes('%') || !(length <= bits) || text.split('/').length !== 2)
    return call.refuse(0, `${quoted(text)} is no network, such as "10.0.0.0/8"`);
  const all = bits === 32 ? ofIpv4(address) : ofIpv6(address);
  const rest = BigInt(bits - length);
  return { address: (all >> rest) << rest, prefix: length, bits };
};

const host = (call: HclCall): string => {
  const { address, prefix, bits } = networkOf(call);
  const size = 1n << BigInt(bits - prefix);
  const number = BigInt(call.whole(1));
  if (number >= size || -number > size) call.refuse(1, `the network has ${size} addresses`);
  return textOf(address + (number < 0n ? size + number : number), bits);
};

const netmask = (call: HclCall): string => {
  const { prefix, bits } = networkOf(call);
  if (bits !== 32) return call.refuse(0, 'an IPv6 network has no netmask');
  return textOf(((1n << BigInt(prefix)) - 1n) << BigInt(32 - prefix), 32);
};

const subnet = (call: HclCall): string => {
  const { address, prefix, bits } = networkOf(call);
  const [more, number] = [call.whole(1), BigInt(call.whole(2))];
  if (more < 0 || prefix + more > bits) call.refuse(1, `the network has ${bits - prefix} bits left`);
  if (number < 0n || number >= 1n << BigInt(more)) call.refuse(2, `there are ${1n << BigInt(more)} such networks`);
  return `${textOf(address + (number << BigInt(bits - prefix - more)), bits)}/${prefix + more}`;
};

/** Networks that follow each other, each at the next place where one of its size may begin. */
const subnets = (call: HclCall): readonly string[] => {
  const { address, prefix, bits } = networkOf(call);
  const end = address + (1n << BigInt(bits - prefix));
  let next = address;
  return call.args.slice(1).map((_, index) => {
    const more = call.whole(index + 1);
    if (more < 1 || prefix + more > bits) call.refuse(index + 1, `the network has ${bits - prefix} bits left`);
    const size = 1n << BigInt(bits - prefix - more);
    const begin = ((next + size - 1n) / size) * size;
    if (begin + size > end) call.refuse(index + 1, 'there is no room left in the network');
    next = begin + size;
    return `${textOf(begin, bits)}/${prefix + more}`;
  });
};

export const networks: FunctionTable = {
  cidrhost: { takes: [2, 2], gives: host },
  cidrnetmask: { takes: [1, 1], gives: netmask },
  cidrsubnet: { takes: [3, 3], gives: subnet },
  cidrsubnets: { takes: [1, manyArgs], gives: subnets },
};
