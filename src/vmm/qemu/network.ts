/** QEMU's user network with the addresses of vmd: what is ours of 100.64.0.0/10 for each slot and each of its NICs. A network is its machine's alone: two may have the same addresses. */

import { Fault } from '../../base/fault.ts';
import type { Nic } from '../../base/hardware.ts';
import { asksForOutgoing } from '../nics.ts';
import { singleQuoted } from '../../base/text/shell.ts';
import { option } from './option.ts';
import { namespacedSsh } from './outgoing/outgoing.ts';
import { machineFiles, networkFile, sockets } from './names.ts';
import type { MachinePlan } from './plan.ts';
import type { Addresses, MachineSpec, StaticAddresses } from '../types.ts';

/** The networks of four NICs share 100.64.0.0/10 evenly: 4096 networks for each, the first of which stays free. */
export const mostSlots = 4095;

/** The first three numbers of a NIC's network: "100.64.7". */
export const networkOf = (slot: number, nic: number): string => {
  const number = slot + 1;
  return `100.${64 + 16 * nic + (number >> 8)}.${number & 255}`;
};

const hex = (byte: number): string => byte.toString(16).padStart(2, '0');

/** Locally administered, like those that vmd gives: the same slot has the same one in every build. */
const macOf = (slot: number, nic: number): string =>
  ['fe', 'e1', 'bb', hex(0xd1 + nic), hex((slot + 1) >> 8), hex((slot + 1) & 255)].join(':');

/** The addresses that the slot decides; `mac` where the template has one for the first NIC. */
export const staticAddressesOf = (slot: number, mac = macOf(slot, 0)): StaticAddresses => {
  const network = networkOf(slot, 0);
  const http = `${network}.4`;
  return {
    guestIp: `${network}.3`,
    hostIp: `${network}.2`,
    mac,
    http: { ip: http, port: 80, url: `http://${http}` },
  };
};

/** The number in the addresses of a machine: its slot's, or, where it was kept in another, that of then, which its guest goes on with. */
export const networkNumberOf = ({ slot, from }: Pick<MachineSpec, 'slot' | 'from'>): number => from?.network ?? slot;

/** What is known of the addresses of this machine before it is made. */
export const knownAddressesOf = (spec: Pick<MachineSpec, 'slot' | 'from' | 'nics'>): StaticAddresses =>
  staticAddressesOf(networkNumberOf(spec), spec.nics[0]?.mac);

/** The addresses of a machine whose ssh server is reached at `sshPort` of the host's loopback, and whose QEMU is `owner`'s. */
export const addressesOf = (
  spec: Pick<MachineSpec, 'slot' | 'from' | 'folder' | 'nics'>,
  sshPort: number,
  owner?: number,
): Addresses => ({
  ...knownAddressesOf(spec),
  listen: { path: machineFiles(spec.folder).http, ...(owner === undefined ? {} : { owner }) },
  ssh: { host: '127.0.0.1', port: sshPort },
});

/** What the user network of the first NIC lets in and out besides: the endpoint and the way to its ssh server. */
const doors = (plan: MachinePlan, netcat: string) => {
  // netcat works where QEMU does.
  // slirp splits it by GLib's g_shell_parse_argv.
  const endpoint = `${singleQuoted(netcat)} -N -U ${sockets.http}`;
  return {
    hostname: plan.hostname,
    // auto_install(8) of OpenBSD asks for its answers when DHCP names this file.
    bootfile: plan.device === 'net' ? 'auto_install' : undefined,
    guestfwd: `tcp:${networkOf(plan.network, 0)}.4:80-cmd:${endpoint}`,
    hostfwd: `${asksForOutgoing(plan.nics) ? namespacedSsh(networkOf(plan.network, 0)) : 'tcp:127.0.0.1:0'}-:${plan.sshPort}`,
  };
};

/**
 * The user network of one NIC. A restricted one reaches nothing of the host and nothing outside; the first NIC alone has
 * the endpoint and the way in. Each NIC has a network of its own, which no other machine shares.
 */
const networkOptions = (plan: MachinePlan, { network }: Nic, nic: number) => {
  const prefix = networkOf(plan.network, nic);
  return {
    restrict: network === 'outgoing' ? 'off' : 'on',
    ipv6: 'off',
    net: `${prefix}.0/24`,
    host: `${prefix}.2`,
    dhcpstart: `${prefix}.3`,
    // slirp wants it to differ from the others; with restrict=on nothing answers there.
    dns: `${prefix}.5`,
  };
};

/**
 * The network of the first NIC in the form of `-readconfig`: its host name is made of what a client wrote, which reaches no
 * command line. Undefined: there is no NIC. Throws `hypervisor_failed` where a path cannot be written in this form.
 */
export const networkConfig = (plan: MachinePlan, netcat: string): string | undefined => {
  const [first] = plan.nics;
  if (first === undefined) return undefined;
  const options = { type: 'user', ...networkOptions(plan, first, 0), ...doors(plan, netcat) };
  const lines = Object.entries(options).flatMap(([key, value]) =>
    value === undefined ? [] : [`  ${key} = "${value}"`],
  );
  // QEMU reads a value up to the next quotation mark (util/qemu-config.c, qemu_config_foreach).
  if (lines.some((line) => line.split('"').length !== 3 || line.includes('\n')))
    throw new Fault('hypervisor_failed', `QEMU cannot be told of ${netcat}: give netcat another path.`);
  return `[netdev "nic0"]\n${lines.join('\n')}\n`;
};

/** `-netdev` and `-device` of one NIC. */
export const nicArgv = (plan: MachinePlan, spec: Nic, nic: number): readonly string[] => {
  const id = `nic${nic}`;
  const netdev =
    nic === 0 ? ['-readconfig', networkFile] : ['-netdev', option('user', { id, ...networkOptions(plan, spec, nic) })];
  const device = option(spec.model ?? plan.netDevice, {
    ...{ netdev: id, mac: spec.mac ?? macOf(plan.network, nic), host_mtu: spec.mtu },
  });
  // Empty: iPXE is not even loaded, which saves the firmware a search for something to boot from.
  return [...netdev, '-device', `${device},romfile=`];
};

/** The host's port that leads to the guest's ssh server, out of what HMP's `info usernet` prints. Throws `hypervisor_failed`. */
export const sshPortIn = (usernet: string): number => {
  const port = /TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)\s/.exec(usernet)?.[1];
  if (port === undefined)
    throw new Fault('hypervisor_failed', 'QEMU did not say which port leads to the guest.', { usernet });
  return Number(port);
};
