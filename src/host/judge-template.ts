import { fail, isDenied, ok, warn } from './answers.ts';
import { usualUser } from './people.ts';
import type { HostAnswer, HostAsked } from './types.ts';
import { readVmConf, type VmBlock } from './vm-conf.ts';
import { askVmd } from './vmctl-status.ts';

/** What a VM of vm.conf must be like so that machines can be its instances. */
export type TemplateRequirements = {
  readonly name: string;
  /** What `allow instance` must list. */
  readonly permissions: readonly string[];
  /** What it must not list, and why. */
  readonly refusals: Readonly<Record<string, string>>;
  /** Whether its local interface must have a group. */
  readonly takesGroup: boolean;
};

const show = 'imaged check --fix-print, which prints the VM to put into /etc/vm.conf; then vmctl reload';

/** Who is to own it; without a uid while there is no such user. */
type Owner = { readonly name: string; readonly uid?: number };

const ownerTrouble = (place: string, owner: string | undefined, { name: user, uid }: Owner): readonly string[] => {
  if (owner === user || owner === String(uid)) return [];
  // vmctl sends no group with a start, and vmd then refuses an owner that has one: "group mismatch".
  if (owner?.includes(':'))
    return [`its owner ${place}is "${owner}": vmd refuses instances of an owner with a group, so write ${user} alone`];
  return [`its owner ${place}is ${owner ?? 'root, for want of another'}, not ${user}`];
};

const groupTrouble = (vm: VmBlock): readonly string[] => {
  const groups = vm.interfaces.filter(({ isLocal }) => isLocal).map(({ group }) => group);
  const [group] = groups;
  if (group === undefined) return ['it has no "local interface { group ... }", and pf could not tell its machines'];
  // ifconfig(8): a group's name is short, and a digit at its end would make it an interface.
  return group.length > 15 || /\d$/.test(group)
    ? [`its interface group ${group} is longer than 15 characters or ends in a digit`]
    : [];
};

/** Everything about the VM that would make vmd refuse its instances (vm.conf(5); vmd's vm_checkperm and config.c). */
const troublesOf = (vm: VmBlock, required: TemplateRequirements, user: Owner): readonly string[] => {
  const { words = [], owner } = vm.allow ?? {};
  const missing = required.permissions.filter((word) => !words.includes(word));
  return [
    ...(vm.isDisabled ? [] : ['it is not disabled, and would run itself']),
    ...ownerTrouble('', vm.owner, user),
    ...(vm.hasDevice ? [] : ['it has no device, and vmd takes none without: give it disk "/dev/null"']),
    ...(required.takesGroup ? groupTrouble(vm) : []),
    ...(vm.allow === undefined ? ['it has no "allow instance"'] : ownerTrouble('inside allow instance ', owner, user)),
    ...(vm.allow !== undefined && missing.length > 0 ? [`allow instance lacks ${missing.join(', ')}`] : []),
    ...Object.entries(required.refusals).flatMap(([word, why]) =>
      words.includes(word) ? [`allow instance must not have ${word}: ${why}`] : [],
    ),
  ];
};

/** Judges the VM by vm.conf where this user may read it, and by what vmd knows. */
export const judgeTemplate = async (
  asked: HostAsked,
  signal: AbortSignal,
  required: TemplateRequirements,
): Promise<HostAnswer> => {
  const user: Owner = asked.user ?? { name: usualUser };
  const reply = await askVmd(asked, signal);
  const isKnown = reply.is === 'answering' && reply.names.includes(required.name);
  const vms = await readVmConf(asked.host).catch((error: unknown) => {
    if (isDenied(error)) return 'unreadable' as const;
    throw error;
  });
  if (vms === undefined) return fail('there is no /etc/vm.conf', show);
  if (vms === 'unreadable') {
    if (reply.is === 'answering' && !isKnown) return fail(`vmd knows no VM "${required.name}"`, show);
    return warn(
      `${isKnown ? `vmd knows "${required.name}"; ` : ''}what it allows cannot be told: /etc/vm.conf may not be read`,
      'run "imaged check" as root',
    );
  }
  const vm = vms.find(({ name }) => name === required.name);
  if (vm === undefined) return fail(`/etc/vm.conf has no VM "${required.name}"`, show);
  const troubles = troublesOf(vm, required, user);
  if (troubles.length > 0) return fail(`the VM "${required.name}": ${troubles.join('; ')}`, show);
  if (reply.is === 'answering' && !isKnown)
    return fail(`/etc/vm.conf has the VM "${required.name}", but vmd has not read it`, 'vmctl reload');
  return ok(`the VM "${required.name}" may be instantiated by ${user.name}`);
};
