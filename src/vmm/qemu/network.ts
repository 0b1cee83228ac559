/** QEMU's user network with the addresses of vmd: what is ours of 100.64.0.0/10 for each slot and each of its NICs. */

import { Fault } from '../../base/fault.ts';
import type { Nic } from '../../base/hardware.ts';
import { asksForOutgoing } from '../nics.ts';
import { singleQuoted } from '../../base/shell.ts';
import { option } from './option.ts';
import { namespacedSsh } from './outgoing/outgoing.ts';
import { machineFiles, sockets } from './names.ts';
import type { MachinePlan } from './plan.ts';
import type { Addresses, StaticAddresses } from '../types.ts';

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

/** The addresses that the slot alone decides. */
export const staticAddressesOf = (slot: number): StaticAddresses => {
  const network = networkOf(slot, 0);
  const http = `${network}.4`;
  return {
    guestIp: `${network}.3`,
    hostIp: `${network}.2`,
    mac: macOf(slot, 0),
    http: { ip: http, port: 80, url: `http://${http}` },
  };
};

/** The addresses of a machine whose ssh server is reached at `sshPort` of the host's loopback, and whose QEMU is `owner`'s. */
export const addressesOf = (slot: number, folder: string, sshPort: number, owner?: number): Addresses => ({
  ...staticAddressesOf(slot),
  listen: { path: machineFiles(folder).http, ...(owner === undefined ? {} : { owner }) },
  ssh: { host: '127.0.0.1', port: sshPort },
});

/** What the user network of the first NIC lets in and out besides: the endpoint and the way to its ssh server. */
const doors = (plan: MachinePlan, netcat: string) => {
  // netcat works where QEMU does.
  // slirp splits it by GLib's g_shell_parse_argv.
  const endpoint = `${singleQuoted(netcat)} -N -U ${sockets.http}`;
  return {
    hostname: plan.name,
    // auto_install(8) of OpenBSD asks for its answers when DHCP names this file.
    bootfile: plan.device === 'net' ? 'auto_install' : undefined,
    guestfwd: `tcp:${networkOf(plan.slot, 0)}.4:80-cmd:${endpoint}`,
    hostfwd: `${asksForOutgoing(plan.nics) ? namespacedSsh(networkOf(plan.slot, 0)) : 'tcp:127.0.0.1:0'}-:${plan.sshPort}`,
  };
};

/**
 * `-netdev` and `-device` of one NIC. A restricted user network reaches nothing of the host and nothing outside; the
 * first NIC alone has the endpoint and the way in. Each NIC has a network of its own, which no other machine shares.
 */
export const nicArgv = (plan: MachinePlan, { network }: Nic, nic: number, netcat: string): readonly string[] => {
  const prefix = networkOf(plan.slot, nic);
  const netdev = option('user', {
    id: `nic${nic}`,
    restrict: network === 'local' ? 'on' : 'off',
    ipv6: 'off',
    net: `${prefix}.0/24`,
    host: `${prefix}.2`,
    dhcpstart: `${prefix}.3`,
    // slirp wants it to differ from the others; with restrict=on nothing answers there.
    dns: `${prefix}.5`,
    ...(nic === 0 ? doors(plan, netcat) : {}),
  });
  const device = option(plan.netDevice, {
    netdev: `nic${nic}`,
    mac: macOf(plan.slot, nic),
  });
  // Empty: iPXE is not even loaded, which saves the firmware a search for something to boot from.
  return ['-netdev', netdev, '-device', `${device},romfile=`];
};

/** The host's port that leads to the guest's ssh server, out of what HMP's `info usernet` prints. Throws `hypervisor_failed`. */
export const sshPortIn = (usernet: string): number => {
  const port = /TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)\s/.exec(usernet)?.[1];
  if (port === undefined)
    throw new Fault('hypervisor_failed', 'QEMU did not say which port leads to the guest.', { usernet });
  return Number(port);
};
