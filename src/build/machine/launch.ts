import { rename, writeFile } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import { cleanupStack } from '../../base/cleanup.ts';
import { Fault } from '../../base/fault.ts';
import { temporarySuffix } from '../../base/file/write-whole.ts';
import { hostnameOf } from '../../base/machine/hostname.ts';
import { hiddenTexts } from '../../base/mask/mask.ts';
import type { Spec } from '../../template/spec.ts';
import type { SshKey } from '../../guest/types.ts';
import { openConsole } from '../../vmm/console/console.ts';
import type { Console } from '../../vmm/console/types.ts';
import { watchDisplay } from '../../vmm/console/display.ts';
import type { ConsolePlace } from '../../vmm/console/place.ts';
import type { Disk, Display, Hypervisor, Machine, MachineSpec } from '../../vmm/types.ts';
import { slotName } from '../folders/folders.ts';
import { runtimeFactsOf, type Job } from '../job.ts';
import { openEndpoint } from './open-endpoint.ts';
import type { Running } from './running.ts';
import { mediumFile } from '../media/medium-file.ts';
import { variablesFile } from '../media/variables-file.ts';
import { seedOf } from '../media/seed.ts';
import { secretsTyped } from '../take-up/secrets-typed.ts';
import { boundOf } from '../attempt/text-limits.ts';
import type { StepTools } from '../attempt/tools.ts';

const machineSpec = (
  { spec, slot, folders }: Job,
  disks: readonly Disk[],
  boot: MachineSpec['boot'],
  onReboot: MachineSpec['onReboot'],
  seed: MachineSpec['seed'],
): MachineSpec => ({
  name: slotName(slot),
  hostname: hostnameOf(spec.name, slotName(slot)),
  slot,
  folder: folders.machine(slot),
  memoryMb: spec.memoryMb,
  cpus: spec.cpus,
  disks,
  ...(spec.cdrom === undefined ? {} : { cdrom: spec.cdrom.path }),
  ...(spec.floppy === undefined ? {} : { floppy: spec.floppy.path }),
  ...(spec.cdOfFiles === undefined ? {} : { cdOfFiles: mediumFile(folders.work(slot), 'cd') }),
  ...(spec.floppyOfFiles === undefined ? {} : { floppy: mediumFile(folders.work(slot), 'floppy') }),
  ...(seed === undefined ? {} : { seed }),
  nics: spec.nics,
  boot,
  ...(spec.firmware === undefined
    ? {}
    : { firmware: { by: spec.firmware, variables: variablesFile(folders.work(slot)) } }),
  model: spec.model,
  ...(spec.display === undefined ? {} : { display: spec.display }),
  sshPort: spec.communicator?.type === 'ssh' ? spec.communicator.port : 22,
  onReboot,
});

/** Whether a conversation of the build looks at the screen of its console. */
const looksAtScreen = ({ communicator, install, provisioners }: Spec): boolean =>
  [
    ...(communicator?.type === 'console' ? communicator.turns : []),
    ...(install?.turns ?? []),
    ...provisioners.flatMap((provisioner) => (provisioner.type === 'console' ? provisioner.settings.turns : [])),
  ].some(({ on }) => on === 'screen');

/** See `Running.isSilent`. */
const silenceOf = (machine: Machine, console: Console): (() => boolean) => {
  let cameBefore = 0;
  machine.onRebooted(() => {
    cameBefore = console.came();
  });
  return () => console.came() === cameBefore;
};

/** Watches the display of a machine, and keeps what it showed last in the folder of the build. */
const keepDisplay = (display: Display, { id, folders }: Job, sensitive: readonly string[], clock: Clock) =>
  watchDisplay(display, {
    ...{ clock, sensitive },
    onChange: async (text) => {
      const file = folders.display(id);
      await writeFile(file + temporarySuffix, text, { mode: 0o640 });
      await rename(file + temporarySuffix, file);
    },
  });

/** What a machine is started with. */
export type Launch = {
  readonly job: Job;
  readonly disks: readonly Disk[];
  readonly key: SshKey | undefined;
  readonly boot: MachineSpec['boot'];
  readonly onReboot: MachineSpec['onReboot'];
  /** A machine that was kept, to go on from in place of a boot. */
  readonly from?: MachineSpec['from'];
};

/**
 * Starts a machine, attaches its console and opens its endpoint, and only then lets it run: nothing of its first
 * words is missed, and its first request finds an answer. What was started goes again when a later part fails.
 */
export const launch = (asked: Launch, tools: StepTools): Promise<Running> =>
  attach(asked, tools, tools.hypervisor.start, async (machine) => {
    const { guestIp, hostIp } = machine.addresses;
    tools.event('machine.started', { name: machine.name, guestIp, hostIp, ...machine.about });
    await machine.run(tools.signal);
  });

/** Goes on with the machine that an earlier daemon has launched. Throws `not_taken_up`. */
export const takeUp = async (asked: Launch, tools: StepTools): Promise<Running> => {
  const { hypervisor, place } = tools;
  const from = place.console();
  if (from === undefined) throw new Fault('not_taken_up', 'Nothing tells how far the console of the machine had come.');
  if (from.turn?.typing === 'blindly')
    throw new Fault('not_taken_up', 'Something was being typed, and nothing tells whether the guest has it.');
  return attach(asked, tools, hypervisor.takeUp, () => Promise.resolve(), from);
};

/** Has a machine by `start`, attaches to it, and goes on with it by `run`. `from`: an earlier daemon has read its console so far. */
const attach = async (
  { job, disks, key, boot, onReboot, from: kept }: Launch,
  tools: StepTools,
  start: Hypervisor['start'],
  run: (machine: Machine) => Promise<void>,
  from?: ConsolePlace,
): Promise<Running> => {
  const { clock, growth, signal, event, texts, place } = tools;
  const cleanup = cleanupStack();
  try {
    const machine = cleanup.keep(
      await start(
        { ...machineSpec(job, disks, boot, onReboot, seedOf(job, key)), ...(kept === undefined ? {} : { from: kept }) },
        signal,
      ),
    );
    const typed = from === undefined ? [] : secretsTyped(job.spec, runtimeFactsOf(machine, key));
    const sensitive = [...hiddenTexts(job.spec.secrets), ...hiddenTexts(typed)];
    const display = machine.display && cleanup.keep(keepDisplay(machine.display, job, sensitive, clock));
    const console = cleanup.keep(
      await openConsole({
        line: machine.line,
        transcript: job.folders.console(job.id),
        bound: boundOf(texts.consoleMb, texts),
        sensitive,
        growth,
        clock,
        keepsScreen: looksAtScreen(job.spec),
        display,
        onEvent: ({ type, ...data }) => event(type, data),
        from,
        keep: place.keepConsole,
      }),
    );
    const { endpoint, trouble, cutOff } = await openEndpoint(machine, job, key, tools);
    if (endpoint !== undefined) cleanup.keep(endpoint);
    machine.onRebooted(() => event('machine.rebooted', { name: machine.name }));
    machine.onLineGap(() => tools.log('The serial line was let go for a moment: bytes of the console may be missing.'));
    machine.ended.then(
      ({ how, detail }) => event('machine.ended', { name: machine.name, how, detail }),
      () => undefined,
    );
    await run(machine);
    return {
      machine,
      console,
      isSilent: silenceOf(machine, console),
      trouble,
      cutOff,
      [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose](),
    };
  } catch (error) {
    await cleanup[Symbol.asyncDispose]();
    throw error;
  }
};
