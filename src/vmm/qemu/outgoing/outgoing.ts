/**
 * Outgoing network that leaves the host's loopback closed. QEMU's user network makes its connections as a process of
 * the host does, so a guest would reach every port of 127.0.0.1. A machine that asks for the outside therefore runs in a
 * user, network and mount namespace of its own: what QEMU takes for the loopback is an empty one, and slirp4netns leads
 * outside, with `--disable-host-loopback`. None of it needs privileges. Linux alone has it.
 */

import { stat } from 'node:fs/promises';
import { lineBounds } from '../../../base/bounds.ts';
import { networkSocket } from '../names.ts';
import type { ProgramCommand } from '../process/user.ts';

// The unit of `ulimit -f` (POSIX, ulimit).
const logBlocks = lineBounds.wordsBytes / 512;

/**
 * Makes the namespaces, has slirp4netns connect them, and becomes the command, under the same process number.
 *
 * Two pipes hold it together; a shell gets them by name alone, so they are FIFOs for a moment. Through `up` slirp4netns
 * learns that the namespaces are there, and then that the command has gone: nobody else holds its writing end, however
 * the command ends, and at its close slirp4netns ends too. Through `down` comes that the network stands; when it closes
 * without a word, there will be none.
 *
 * slirp4netns asks the host's own resolver, even one on the loopback, but no other port there: so the namespace's
 * resolv.conf names slirp4netns. In it the command is root in name alone: setpriv(1) takes away every capability.
 */
const launcher = `
set -eu
umask 022
network=$1 socket=$2
shift 2
up=net.up down=net.down
rm -f "$up" "$down" "$socket"
mkfifo -m 600 "$up" "$down"
exec 3<>"$up" 4<>"$down"
exec 5<"$up" 6>"$up" 7<"$down" 8>"$down" 3>&- 4>&-
rm "$up" "$down"
{
  exec 6>&- 7<&-
  read -r _ <&5
  # What it says of a guest is lost beyond the bound, and the network goes on.
  trap '' XFSZ
  ulimit -f ${logBlocks}
  exec slirp4netns --configure --disable-host-loopback --enable-sandbox --enable-seccomp --cidr="$network.0/24" \\
    --exit-fd=5 --ready-fd=8 --api-socket="$socket" $$ tap0
} >net.log 2>&1 &
exec 5<&- 8>&-
printf 'nameserver %s.3\\n' "$network" >resolv.conf
exec "$@"
`;

/** What runs in the namespaces, until it is the command. */
const inside = `
[ ! -e /etc/resolv.conf ] || mount --bind resolv.conf /etc/resolv.conf
echo >&6
ready=
read -r ready <&7 || [ -n "$ready" ] || { tail -n 3 net.log >&2; exit 1; }
exec 7<&-
exec setpriv --inh-caps=-all --bounding-set=-all -- "$@"
`;

const namespaces = ['--user', '--map-root-user', '--net', '--mount', '--', 'sh', '-euc', inside, 'sh'] as const;

/** Its own address in the namespace, below the network of the first NIC (slirp4netns(1), "recommended IP"). */
export const namespaceIp = (network: string): string => `${network}.100`;

// Any would do: the namespace has no other listener. Below 1024 it would take a capability.
export const namespacePort = 2222;

/** The host's half of `hostfwd` in such a namespace: the guest's ssh server is this port of the namespace. */
export const namespacedSsh = (network: string): string => `tcp:${namespaceIp(network)}:${namespacePort}`;

const tunDevice = '/dev/net/tun';

/** By its mode, which is 0666 where udev makes it: only then another user's slirp4netns can open it. */
const isOpenToAll = async (device: string): Promise<boolean> => {
  const found = await stat(device).catch(() => undefined);
  return found !== undefined && (found.mode & 0o006) === 0o006;
};

/**
 * The command in namespaces of its own, as another command, which works in its folder. The network of slirp4netns in
 * there is that of the first NIC, "100.64.7": who comes by ssh is then 100.64.7.2 to the guest, a neighbour, as without
 * namespaces. `lower` makes a command another user's: slirp4netns is that user's too where the host lets it.
 */
export const withOutgoing = async (
  folder: string,
  network: string,
  { file, args }: ProgramCommand,
  lower: (command: ProgramCommand) => Promise<ProgramCommand>,
): Promise<ProgramCommand> => {
  const command: ProgramCommand = { file: 'unshare', args: [...namespaces, file, ...args] };
  const launch = ({ file, args }: ProgramCommand): ProgramCommand => ({
    file: 'sh',
    args: ['-c', launcher, 'imaged-network', network, networkSocket(folder), file, ...args],
  });
  if (await isOpenToAll(tunDevice)) return lower(launch(command));
  const lowered = await lower(command);
  return lowered.as === undefined ? launch(lowered) : lower(launch(command));
};
