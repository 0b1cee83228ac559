/** Where the guest of a build may be shut down, kept at rest and started anew, as data. */

import type { DiskFormat } from '../../base/hardware.ts';
import type { StepTimes } from '../../post-processors/build-facts.ts';
import type { Spec, Text } from '../../template/spec.ts';

/** What a hypervisor has for keeping machines. */
export type KeepingMeans = {
  /** Whether it keeps running machines with their memory. */
  readonly keepsMachines: boolean;
  /** The formats over which a disk may lie without being copied. */
  readonly over: readonly DiskFormat[];
};

/** What may be kept of the machine of a build, beside its disks after the installation. */
export type Keeps = {
  /** The running machine. */
  readonly machines: boolean;
  /** The parts of its plan after which it may be started anew, to be kept at rest. */
  readonly restarts: ReadonlySet<string>;
  /** Why there is none of these that could be had otherwise. */
  readonly whyNone?: string;
};

const byRoot = String.raw`(?:sudo(?: -n)? |doas (?:-n )?|echo (?:'[^']*'|"[^"$\x60\\]*"|[\w.-]+) \| sudo -S )?`;
const shutdownWords = [
  'poweroff',
  'halt -p',
  'halt -hp',
  'init 0',
  'systemctl poweroff',
  String.raw`shutdown -(?:P|p|h|hp|hP|Ph)(?: (?:now|\+?0))`,
  String.raw`shutdown /s(?: /f)?(?: /t \d+)?(?: /f)?`,
];
const shutdownAlone = new RegExp(String.raw`^${byRoot}(?:/(?:usr/)?s?bin/)?(?:${shutdownWords.join('|')})$`);

/** Whether a command shuts the guest down and does nothing else: what else it does belongs to the end of the build alone. */
export const isShutdownAlone = (command: Text): boolean => {
  const text = command.map((piece) => (typeof piece === 'string' ? piece : '\0')).join('');
  return shutdownAlone.test(text.trim());
};

const doesMore =
  'the shutdown command does more than to shut down; "checkpoint": true of a provisioner presses the power button';

/** Whether the system runs from the disks of the machine, and boots from them by itself. */
const isOnDisks = ({ install, disks, boot }: Spec): boolean =>
  install === undefined
    ? disks[0]?.base !== undefined && boot.device === 'disk' && boot.kernel === undefined
    : install.ends !== 'never';

/** Why the guest cannot be started anew and be the same; undefined: it can. */
const whyNoRestart = (spec: Spec, over: readonly DiskFormat[]): string | undefined => {
  const format = spec.disks.find((disk) => !over.includes(disk.format))?.format;
  if (spec.communicator === undefined) return 'the build does not log in to the guest';
  if (!isOnDisks(spec)) return 'the guest may not boot from its disks alone';
  if (format !== undefined) return `no disk can lie over one of the format ${format} without a copy`;
  return undefined;
};

/** What may be kept of a build's machine, which `checkpoint` of a provisioner overrules. */
export const keepsOf = (spec: Spec, { keepsMachines, over }: KeepingMeans): Keeps => {
  if (keepsMachines && spec.cache.memory) return { machines: true, restarts: new Set() };
  const { provisioners, shutdown } = spec;
  const why = whyNoRestart(spec, over);
  const isAlone = shutdown.command === undefined || isShutdownAlone(shutdown.command);
  const restarts = provisioners.flatMap(({ checkpoint = isAlone }, at) =>
    checkpoint && why === undefined ? [`provisioners/${at}`] : [],
  );
  // Behind the last, where there is no other, it would not be done anyway.
  const isAsked = provisioners.some(({ checkpoint }, at) => checkpoint ?? at < provisioners.length - 1);
  return {
    machines: false,
    restarts: new Set(restarts),
    ...(restarts.length > 0 || !isAsked ? {} : { whyNone: why ?? doesMore }),
  };
};

/** What starting the guest anew is weighed by, in seconds. */
export type Since = {
  /** How long the steps took that have run since it came up. */
  readonly work: number;
  /** How long it took to come up. */
  readonly boot?: number;
};

const starts: readonly string[] = ['boot-from-disk', 'start-installer'];

/** `restarts`: the names of steps that have started the guest anew. */
export const sinceUp = (steps: readonly StepTimes[], restarts: readonly string[]): Since => {
  const up = steps.findLastIndex(({ name }) => name === 'connect' || restarts.includes(name));
  const ms = steps.slice(up + 1).reduce((sum, { startedAt, endedAt }) => sum + endedAt - startedAt, 0);
  const connected = steps.find(({ name }) => name === 'connect');
  const started = steps.findLast(({ name }) => starts.includes(name));
  const boot = connected && started && (connected.endedAt - started.startedAt) / 1000;
  return { work: ms / 1000, ...(boot === undefined ? {} : { boot }) };
};

/**
 * Whether the guest is to be started anew here: never by itself behind the last provisioner, as the end shuts it down. `lasted`: the seconds for which the build stood still when one of its
 * template was last started anew on this host; where none was, the boot of this build is all that is known.
 */
export const isRestartWorthIt = (
  { checkpoint, isLast }: { readonly checkpoint: boolean | undefined; readonly isLast: boolean },
  { work, boot }: Since,
  lasted: number | undefined,
): boolean => {
  const cost = lasted ?? boot;
  return checkpoint ?? (!isLast && cost !== undefined && work > cost);
};
