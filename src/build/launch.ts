import { cleanupStack } from '../base/cleanup.ts';
import { Fault, faults } from '../base/fault.ts';
import type { SshKey } from '../guest/types.ts';
import type { Boot } from '../base/hardware.ts';
import { retry } from '../base/waiting.ts';
import { serveEndpoint } from '../httpd/endpoint/serve-endpoint.ts';
import type { Answer, EndpointRequest, EndpointSets } from '../httpd/endpoint/types.ts';
import { hiddenTexts } from '../base/mask/mask.ts';
import { render } from '../template/language/render.ts';
import type { HttpEntry, LateFacts, Spec } from '../template/spec.ts';
import { openConsole } from '../vmm/console/console.ts';
import type { Disk, MachineSpec } from '../vmm/types.ts';
import { slotName } from './folders/folders.ts';
import { lateFactsOf, type Job } from './job.ts';
import type { Running } from './running.ts';
import { siteSetFile } from './site-files.ts';
import { boundOf } from './text-limits.ts';
import type { StepTools } from './tools.ts';

const answerOf = (entry: HttpEntry, late: LateFacts, work: string): Answer => {
  switch (entry.kind) {
    case 'text':
      return {
        kind: 'text',
        ...(entry.type === undefined ? {} : { type: entry.type }),
        render: () => render(entry.text, late),
      };
    case 'file':
      return { kind: 'file', path: entry.file.path };
    case 'folder':
      return { kind: 'folder', path: entry.folder.path };
    case 'site':
      return { kind: 'file', path: siteSetFile(work, entry.path) };
  }
};

/** Whether a conversation of the build looks at the screen of its console. */
const looksAtScreen = ({ install, provisioners }: Spec): boolean =>
  [
    ...(install?.turns ?? []),
    ...provisioners.flatMap((provisioner) => (provisioner.type === 'console' ? provisioner.turns : [])),
  ].some(({ on }) => on === 'screen');

/** The mirror for one machine: what it fetched and what it was refused goes into the build's events and log. */
const setsFor = ({ mirror, event, said }: StepTools) => {
  const troubles = new Map<string, Fault>();
  const trouble = (): Fault | undefined => troubles.values().next().value;
  if (!mirror) return { trouble };
  const sets: EndpointSets = {
    mirror,
    onFetched: (set) => {
      troubles.delete(set.path);
      event('set.fetched', set);
      void said(
        [`guest fetched ${set.path}: ${set.bytes} bytes from the ${set.from}, SHA-256 ${set.sha256}, key ${set.key}`],
        '',
      );
    },
    onRefused: (refused) => {
      const { path, code, why } = refused;
      if (faults[code].class === 'infra') troubles.set(path, new Fault(code, why, { set: path }));
      event('set.refused', refused);
      void said([`guest was refused ${path}: ${why}`], '');
    },
  };
  return { trouble, sets };
};

const machineSpec = (
  { spec, slot, folders }: Job,
  disks: readonly Disk[],
  boot: Boot,
  onReboot: MachineSpec['onReboot'],
): MachineSpec => ({
  name: slotName(slot),
  slot,
  folder: folders.machine(slot),
  memoryMb: spec.memoryMb,
  disks,
  ...(spec.cdrom === undefined ? {} : { cdrom: spec.cdrom.path }),
  ...(spec.floppy === undefined ? {} : { floppy: spec.floppy.path }),
  nics: spec.nics,
  boot,
  qemu: spec.qemu,
  sshPort: spec.communicator?.port ?? 22,
  onReboot,
});

// An interface goes and comes again when its guest resets itself (vmd(8)).
const untilThere = { attempts: 40, firstMs: 20, growth: 1.4, mostMs: 500 };

const isAbsent = (error: unknown): boolean => error instanceof Fault && error.facts['addressIsAbsent'] === true;

/**
 * Starts a machine, attaches its console and opens its endpoint, and only then lets it run: nobody misses its first
 * words, and its first request finds an answer. What was started goes again when a later part fails.
 */
export const launch = async (
  {
    job,
    disks,
    key,
    boot,
    onReboot,
  }: {
    readonly job: Job;
    readonly disks: readonly Disk[];
    readonly key: SshKey | undefined;
    readonly boot: Boot;
    readonly onReboot: MachineSpec['onReboot'];
  },
  tools: StepTools,
): Promise<Running> => {
  const { hypervisor, sharedListener, clock, growth, signal, event, said, room, texts } = tools;
  const cleanup = cleanupStack();
  try {
    const machine = cleanup.keep(await hypervisor.start(machineSpec(job, disks, boot, onReboot), signal));
    const console = cleanup.keep(
      await openConsole({
        line: machine.line,
        transcript: job.folders.console(job.id),
        bound: boundOf(texts.consoleMb, texts),
        sensitive: hiddenTexts(job.spec.secrets),
        growth,
        clock,
        keepsScreen: looksAtScreen(job.spec),
        onEvent: ({ type, ...data }) => event(type, data),
      }),
    );
    const late = lateFactsOf(machine, key);
    let cutOff: string | undefined;
    const onRequest = (request: EndpointRequest) => {
      const { method, url, bytes } = request;
      if (request.isCutOff === true) cutOff = `the reply to ${method} ${url} was cut off after ${bytes} bytes`;
      event('http.request', request);
      void said([`guest asked ${request.method} ${request.url}: ${request.status}, ${request.bytes} bytes`], '');
    };
    const { trouble, sets } = setsFor(tools);
    const { listen } = machine.addresses;
    if (listen !== undefined) {
      const open = () =>
        serveEndpoint({
          at: listen,
          ...(sharedListener === undefined ? {} : { sharedListener }),
          answers: new Map(
            job.spec.http.map((entry) => [entry.path, answerOf(entry, late, job.folders.work(job.slot))]),
          ),
          hostname: machine.name,
          onRequest,
          onUnread: (what) => {
            cutOff = what;
          },
          room,
          ...(sets === undefined ? {} : { sets }),
        });
      const gone = new AbortController();
      machine.ended.then(
        () => gone.abort(new Fault('machine_stopped', 'The machine has gone.')),
        () => undefined,
      );
      try {
        cleanup.keep(await retry(open, untilThere, isAbsent, clock, AbortSignal.any([signal, gone.signal])));
      } catch (error) {
        signal.throwIfAborted();
        // A machine that has gone needs no endpoint any more: whether it went as it was due to is for the steps to judge.
        if (!gone.signal.aborted) throw error;
      }
    }
    const { guestIp, hostIp } = machine.addresses;
    event('machine.started', { name: machine.name, guestIp, hostIp, ...machine.about });
    machine.onRebooted(() => event('machine.rebooted', { name: machine.name }));
    machine.ended.then(
      ({ how, detail }) => event('machine.ended', { name: machine.name, how, detail }),
      () => undefined,
    );
    await machine.run(signal);
    return {
      machine,
      console,
      trouble,
      cutOff: () => cutOff,
      [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose](),
    };
  } catch (error) {
    await cleanup[Symbol.asyncDispose]();
    throw error;
  }
};
