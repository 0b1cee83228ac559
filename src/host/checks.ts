import type { HypervisorName } from '../base/machine/hypervisors.ts';
import { accelerators } from './checks/accelerators.ts';
import { clock } from './checks/clock.ts';
import { disk } from './checks/disk.ts';
import { firmware } from './checks/firmware.ts';
import { folders } from './checks/folders.ts';
import { forwarding } from './checks/forwarding.ts';
import { hypervisor } from './checks/hypervisor.ts';
import { keyFile } from './checks/key-file.ts';
import { loginClass } from './checks/login-class.ts';
import { media } from './checks/media.ts';
import { modules } from './checks/modules.ts';
import { netcat } from './checks/netcat.ts';
import { node } from './checks/node.ts';
import { openFiles } from './checks/open-files.ts';
import { outgoing } from './checks/outgoing.ts';
import { pf } from './checks/pf.ts';
import { ports } from './checks/ports.ts';
import { qemuImg } from './checks/qemu-img.ts';
import { signify } from './checks/signify.ts';
import { signingKey } from './checks/signing-key.ts';
import { socket } from './checks/socket.ts';
import { taps } from './checks/taps.ts';
import { outgoingTemplate, template } from './checks/template.ts';
import { user } from './checks/user.ts';
import { userLimits } from './checks/user-limits.ts';
import { vmMemory } from './checks/vm-memory.ts';
import { vmd } from './checks/vmd.ts';
import { vmm } from './checks/vmm.ts';
import type { HostCheck } from './types.ts';

/** The checks of every host. */
const anywhere = [user, folders, disk, media, keyFile, signingKey, modules, ports, clock];

const onOpenBSD = [node, loginClass, signify];

// Where no login class says so.
const elsewhere = [openFiles];

const withVmd = [vmm, firmware, vmd, socket, template, outgoingTemplate, taps, userLimits, vmMemory, pf, forwarding];

/** Those of each hypervisor, on OpenBSD and elsewhere. */
const under: Readonly<Record<HypervisorName, (isOpenBSD: boolean) => readonly HostCheck[]>> = {
  // Outside of OpenBSD only vmd itself is asked: the files of OpenBSD are not there.
  vmd: (isOpenBSD) => (isOpenBSD ? withVmd : [vmd]),
  qemu: () => [hypervisor, accelerators, qemuImg, netcat, outgoing],
};

/** The checks for a host, in the order in which one would fix what they find. */
export const hostChecksFor = (name: HypervisorName, platform: string): readonly HostCheck[] => [
  ...anywhere,
  ...(platform === 'openbsd' ? onOpenBSD : elsewhere),
  ...under[name](platform === 'openbsd'),
];
