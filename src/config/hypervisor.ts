import { z } from 'zod';
import { hypervisorNames } from '../base/machine/hypervisors.ts';
import { isRelease } from '../base/openbsd/release-name.ts';
import { AbsolutePath, ProgramName } from '../base/units.ts';

// vmctl(8) takes 63 characters; our own machines are called imaged-0, imaged-1, ...
const VmName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,40}$/, 'is not a name of a VM: lower case letters, digits and -, at most 41')
  .refine((name) => !/^imaged-\d+(-\d)?$/.test(name), "is a name of imaged's own machines");

// Never 0: a QEMU that changes its user must not stay root.
const User = z.union([
  z.int().min(1).max(4_294_967_294),
  z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/, 'is not the name of a user, nor a number from 1 on')
    .refine((name) => name !== 'root', 'is root, whom QEMU must not be'),
]);

/** The table [hypervisor.vmd]. */
const Vmd = z
  .strictObject({
    vmctl: ProgramName.default('vmctl').describe('vmctl(8), by name or absolute path.'),
    ifconfig: ProgramName.default('ifconfig').describe('ifconfig(8), by name or absolute path.'),
    template: VmName.default('imaged').describe('The VM in vm.conf(5) whose instances machines are.'),
    outgoing_template: VmName.default('imaged-outgoing').describe(
      'The same for machines with outgoing network: its interface has a group that pf.conf(5) lets out.',
    ),
    switches: z
      .array(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/, 'is not a name of a switch'))
      .max(32)
      .default([])
      .describe('The switches in vm.conf(5) that templates may put interfaces on.'),
    socket: AbsolutePath.default('/var/run/vmd.sock').describe(
      "vmd(8)'s control socket, by which its restarts are seen.",
    ),
    release: z
      .string()
      .refine(
        (text) => text === 'auto' || text === 'current' || isRelease(text),
        'must be "auto", "current" or a release such as "7.7"',
      )
      .default('auto')
      .describe('The release of OpenBSD; "auto" is that of this host.'),
    endpoint_port: z
      .int()
      .min(1)
      .max(65_535)
      .default(8079)
      .describe(
        "The TCP port of machines' endpoints, on the host's end of each tap and on 127.0.0.1, where pf.conf(5) redirects port 80 to.",
      ),
  })
  .prefault({});

/** The table [hypervisor.qemu]. */
const Qemu = z
  .strictObject({
    binary: ProgramName.default('qemu-system-x86_64').describe('The QEMU program, by name or absolute path.'),
    qemu_img: ProgramName.default('qemu-img').describe('The disk image program, by name or absolute path.'),
    netcat: ProgramName.default('nc').describe("OpenBSD's netcat, which carries a machine's requests to its endpoint."),
    accelerator: z
      .enum(['auto', 'kvm', 'hvf', 'tcg'])
      .default('auto')
      .describe('"auto" uses hardware acceleration where a probe has seen a guest run with it, else TCG.'),
    user: User.optional().describe(
      'Who QEMU runs as where imaged is root on Linux: a name, or a number, which is then the group too. Default: 1900000000 and the number of the slot, so that no two machines share a user. Ignored elsewhere.',
    ),
  })
  .prefault({});

/** The table [hypervisor] of imaged.conf: what the hypervisors share; each has a table of its own in it. */
export const Hypervisor = z
  .strictObject({
    type: z
      .enum(['auto', ...hypervisorNames])
      .default('auto')
      .describe(
        'What starts machines: vmd(8), through vmctl(8), or QEMU. "auto" is vmd on OpenBSD and QEMU elsewhere.',
      ),
    allow_outgoing: z
      .boolean()
      .default(false)
      .describe(
        'Whether templates may ask for a network interface that reaches the outside: what this host reaches, but not its loopback. Takes Linux and slirp4netns.',
      ),
    vmd: Vmd.describe('vmd(8): not read where QEMU starts machines.'),
    qemu: Qemu.describe('QEMU: not read where vmd starts machines.'),
  })
  .prefault({});

// Of the keys of vmd those that are younger than its table.
const young = ['switches'];

/** The keys that were in [hypervisor] itself until each hypervisor had a table of its own. */
export const tableOfKey: ReadonlyMap<string, 'vmd' | 'qemu'> = new Map([
  ...Object.keys(Vmd.unwrap().shape)
    .filter((key) => !young.includes(key))
    .map((key) => [key, 'vmd'] as const),
  ...Object.keys(Qemu.unwrap().shape).map((key) => [key, 'qemu'] as const),
]);
