import { isIP, isIPv4, isIPv6 } from 'node:net';
import { didYouMean, quoted } from '../../base/text/nearest.ts';
import type { InstallerFacts } from './facts.ts';
import { releases } from '../../base/openbsd/releases.ts';
import type { Reply, Talk } from './talk.ts';

/** What the network came to: it decides what is asked about routes and names. */
type Configured = { v4: 'none' | 'autoconf' | 'static'; v6: 'none' | 'autoconf' | 'static' };

const questions = {
  symbolic: (name: string) => `Symbolic (host) name for ${name}?`,
  v4: (name: string) => `IPv4 address for ${name}? (or 'autoconf' or 'none')`,
  netmask: (name: string) => `Netmask for ${name}?`,
  v6: (name: string) => `IPv6 address for ${name}? (or 'autoconf' or 'none')`,
  prefix: (name: string) => `IPv6 prefix length for ${name}?`,
  route4: "Default IPv4 route? (IPv4 address or 'none')",
  route6: "IPv6 default router? (IPv6 address or 'none')",
  domain: "DNS domain name? (e.g. 'example.com')",
  servers: "DNS nameservers? (IP address list or 'none')",
};

// More than any list of answers has, so that a loop of questions ends.
const mostRounds = 40;

const isWithPrefix = (address: string, most: number, is: (ip: string) => boolean): boolean => {
  const [ip = '', bits, more] = address.split('/');
  if (more !== undefined || !is(ip)) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
};

const isNetmask = (mask: string): boolean => isIPv4(mask) || /^0x[0-9a-f]{8}$/i.test(mask);

const ask4 = (name: string, talk: Talk): Configured['v4'] => {
  const reply = talk.ask(questions.v4(name), 'autoconf');
  if (['a', 'autoconf', 'dhcp'].includes(reply.value)) {
    talk.skip(`when "IPv4 address for ${name}" is "${reply.value}"`, questions.netmask(name));
    return 'autoconf';
  }
  if (reply.value === 'none') return 'none';
  if (reply.isOpen) talk.doubt();
  else if (!isWithPrefix(reply.value, 32, isIPv4))
    talk.refuse(reply, `${quoted(reply.value)} is neither an IPv4 address nor "autoconf" or "none"`);
  if (reply.value.includes('/')) talk.skip('when the address has its prefix length', questions.netmask(name));
  else {
    const mask = talk.ask(questions.netmask(name), '255.255.255.0');
    if (mask.isSure && !isNetmask(mask.value)) talk.refuse(mask, `${quoted(mask.value)} is not a netmask`);
  }
  return 'static';
};

const ask6 = (name: string, talk: Talk, fallback: 'none' | 'autoconf'): Configured['v6'] => {
  const reply = talk.ask(questions.v6(name), fallback);
  if (['a', 'autoconf'].includes(reply.value)) return 'autoconf';
  if (reply.value === 'none') {
    talk.skip(`when "IPv6 address for ${name}" is "none"`, questions.prefix(name));
    return 'none';
  }
  if (reply.isOpen) talk.doubt();
  else if (!isWithPrefix(reply.value, 128, isIPv6))
    talk.refuse(reply, `${quoted(reply.value)} is neither an IPv6 address nor "autoconf" or "none"`);
  if (!reply.value.includes('/')) {
    const bits = talk.ask(questions.prefix(name), '64');
    if (bits.isSure && !(/^\d{1,3}$/.test(bits.value) && Number(bits.value) <= 128))
      talk.refuse(bits, `${quoted(bits.value)} is not a prefix length`);
  }
  return 'static';
};

const isPhysical = (name: string, { interfaces }: InstallerFacts): boolean =>
  interfaces.includes(name) || (interfaces.includes(undefined) && /^(?!vlan)[a-z]+\d+$/.test(name));

/** `vlans`: how many there are. The installer makes the next one, and no other. */
const isInterface = ({ value }: Reply, facts: InstallerFacts, vlans: number): boolean => {
  const [, number] = /^vlan(0|[1-9]\d*)$/.exec(value) ?? [];
  if (number !== undefined) return Number(number) <= vlans;
  if (/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(value)) return true;
  return isPhysical(value, facts);
};

/** The interface that a vlan(4) is put on; undefined for any other interface. */
const askParent = (name: string, talk: Talk, facts: InstallerFacts): string | undefined => {
  const [, number] = /^vlan(\d+)$/.exec(name) ?? [];
  if (number === undefined) return undefined;
  const first = facts.interfaces[0] ?? 'vio0';
  const reply = talk.ask(`Which interface:tag should ${name} be on?`, `${first}:${number === '0' ? 'none' : number}`);
  if (reply.isOpen) return undefined;
  const [, parent = '', tag = ''] = /^([^:]*)(?::.*)?:([^:]*)$/.exec(reply.value) ?? [];
  if (!isPhysical(parent, facts) || !(tag === 'none' || (/^\d{1,4}$/.test(tag) && Number(tag) > 0 && Number(tag) < 4096)))
    talk.refuse(reply, `${quoted(reply.value)} is no interface of the machine with a tag: write it as "${first}:7", or "${first}:none"`); // prettier-ignore
  return parent;
};

const askInterfaces = (talk: Talk, facts: InstallerFacts): Map<string, Configured> => {
  const { interface: question, ipv6 } = releases[facts.release].installer;
  const done = new Map<string, Configured>();
  let fallback = facts.interfaces[0] ?? 'vio0';
  let first: string | undefined;
  let vlans = 0;
  for (let round = 0; round < mostRounds; round++) {
    const reply = talk.ask(question, fallback);
    if (reply.value === 'done') break;
    if (reply.isOpen) talk.doubt();
    if (reply.value === '?' && facts.release !== '7.2') continue;
    if (reply.isSure && !isInterface(reply, facts, vlans)) {
      const known = facts.interfaces.flatMap((name) => (name === undefined ? [] : [name]));
      talk.refuse(
        reply,
        `there is no interface ${quoted(reply.value)}: ${didYouMean(reply.value, [...known, `vlan${vlans}`, 'done'])}`,
      );
      break;
    }
    const name = reply.value;
    if (name === `vlan${vlans}`) vlans += 1;
    const parent = askParent(name, talk, facts);
    // Its parent is brought up by a hostname.if(5) of its own, and counts as configured.
    if (parent !== undefined && !done.has(parent)) done.set(parent, { v4: 'none', v6: 'none' });
    if (first !== undefined && first !== name) talk.ask(questions.symbolic(name), 'host');
    const configured = { v4: ask4(name, talk), v6: ask6(name, talk, ipv6) };
    if (configured.v4 !== 'none' || configured.v6 !== 'none') {
      first ??= name;
      done.set(name, configured);
    } else done.delete(name);
    fallback = 'done';
  }
  return done;
};

const askRoutes = (talk: Talk, { lease }: InstallerFacts, all: readonly Configured[]) => {
  const isAutomatic = all.some(({ v4 }) => v4 === 'autoconf');
  if (!all.some(({ v4 }) => v4 !== 'none')) talk.skip('without an IPv4 address', questions.route4);
  else if (isAutomatic && lease.router === true) talk.skip('when DHCP names a router', questions.route4);
  else {
    const reply = isAutomatic && lease.router === undefined ? talk.maybe(questions.route4) : talk.ask(questions.route4);
    if (reply?.isSure === true && reply.value !== 'none' && !isIPv4(reply.value))
      talk.refuse(reply, `${quoted(reply.value)} is neither an IPv4 address nor "none"`);
  }
  if (!all.some(({ v6 }) => v6 === 'static')) talk.skip('without an IPv6 address of its own', questions.route6);
  else {
    const reply = talk.ask(questions.route6, 'none');
    if (reply.isSure && reply.value !== 'none' && !isIPv6(reply.value.replace(/%.*$/, '')))
      talk.refuse(reply, `${quoted(reply.value)} is neither an IPv6 address nor "none"`);
  }
};

const askNames = (talk: Talk, { lease }: InstallerFacts, all: readonly Configured[]) => {
  const isAutomatic = all.some(({ v4 }) => v4 === 'autoconf');
  if (isAutomatic && all.length === 1)
    talk.skip('when the only interface is configured by DHCP: the domain is "my.domain" then', questions.domain);
  else talk.ask(questions.domain, 'my.domain');
  if (isAutomatic && lease.dns === true) talk.skip('when DHCP names a name server', questions.servers);
  else {
    const reply =
      isAutomatic && lease.dns === undefined
        ? talk.maybe(questions.servers, 'none')
        : talk.ask(questions.servers, 'none');
    if (reply?.isSure === true && reply.value !== 'none' && !reply.value.split(/[ \t]+/).every((one) => isIP(one) > 0))
      talk.refuse(reply, `${quoted(reply.value)} is neither a list of IP addresses nor "none"`);
  }
};

/** The questions about interfaces, routes and names (install.sub, `donetconfig`). */
export const askNetwork = (talk: Talk, facts: InstallerFacts): void => {
  if (facts.interfaces.length === 0) {
    talk.skip('without a network interface', releases[facts.release].installer.interface, questions.route4);
    talk.ask(questions.domain, 'my.domain');
    talk.ask(questions.servers, 'none');
    return;
  }
  const all = [...askInterfaces(talk, facts).values()];
  askRoutes(talk, facts, all);
  askNames(talk, facts, all);
};
