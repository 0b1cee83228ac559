import { accelerators } from './questions/accelerators.ts';
import { clock } from './questions/clock.ts';
import { disk } from './questions/disk.ts';
import { firmware } from './questions/firmware.ts';
import { folders } from './questions/folders.ts';
import { forwarding } from './questions/forwarding.ts';
import { hypervisor } from './questions/hypervisor.ts';
import { loginClass } from './questions/login-class.ts';
import { media } from './questions/media.ts';
import { modules } from './questions/modules.ts';
import { netcat } from './questions/netcat.ts';
import { node } from './questions/node.ts';
import { openFiles } from './questions/open-files.ts';
import { outgoing } from './questions/outgoing.ts';
import { pf } from './questions/pf.ts';
import { ports } from './questions/ports.ts';
import { qemuImg } from './questions/qemu-img.ts';
import { signify } from './questions/signify.ts';
import { socket } from './questions/socket.ts';
import { taps } from './questions/taps.ts';
import { outgoingTemplate, template } from './questions/template.ts';
import { user } from './questions/user.ts';
import { userLimits } from './questions/user-limits.ts';
import { vmMemory } from './questions/vm-memory.ts';
import { vmd } from './questions/vmd.ts';
import { vmm } from './questions/vmm.ts';
import type { Question } from './types.ts';

/** What there is to know of any host. */
const anywhere = [user, folders, disk, media, modules, ports, clock];

const onOpenBSD = [node, loginClass, signify];

// Where no login class says so.
const elsewhere = [openFiles];

const withVmctl = [vmm, firmware, vmd, socket, template, outgoingTemplate, taps, userLimits, vmMemory, pf, forwarding];

const withQemu = [hypervisor, accelerators, qemuImg, netcat, outgoing];

/** The questions for a host, in the order in which one would mend what they find. */
export const questionsFor = (kind: 'vmctl' | 'qemu', platform: string): readonly Question[] => [
  ...anywhere,
  ...(platform === 'openbsd' ? onOpenBSD : elsewhere),
  // A vmd that runs elsewhere keeps its own house: it is asked, and no file of OpenBSD's.
  ...(kind === 'qemu' ? withQemu : platform === 'openbsd' ? withVmctl : [vmd]),
];
