import { disposals } from '../disposals.ts';
import type { SshKey } from '../guest/types.ts';
import type { Boot } from '../hardware.ts';
import { serveEndpoint } from '../httpd/serve-endpoint.ts';
import type { Answer, EndpointRequest } from '../httpd/types.ts';
import { render } from '../template/render.ts';
import type { HttpEntry, LateFacts } from '../template/spec.ts';
import { openConsole } from '../vmm/console.ts';
import type { DiskFile, MachineSpec } from '../vmm/types.ts';
import { slotName } from './folders.ts';
import { lateFactsOf, type Job } from './job.ts';
import type { Running } from './running.ts';
import { siteSetFile } from './site-files.ts';
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

const machineSpec = (
  { spec, slot, folders }: Job,
  disks: readonly DiskFile[],
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
    readonly disks: readonly DiskFile[];
    readonly key: SshKey | undefined;
    readonly boot: Boot;
    readonly onReboot: MachineSpec['onReboot'];
  },
  { hypervisor, clock, growth, signal, event, log }: StepTools,
): Promise<Running> => {
  const pile = disposals();
  try {
    const machine = pile.keep(await hypervisor.start(machineSpec(job, disks, boot, onReboot), signal));
    const console = pile.keep(
      await openConsole({
        line: machine.line,
        transcript: job.folders.console(job.id),
        growth,
        clock,
        onEvent: ({ type, ...data }) => event(type, data),
      }),
    );
    const late = lateFactsOf(machine, key);
    const onRequest = (request: EndpointRequest) => {
      event('http.request', request);
      log(`guest asked ${request.method} ${request.url}: ${request.status}, ${request.bytes} bytes`);
    };
    const endpoint = pile.keep(
      await serveEndpoint({
        at: machine.addresses.listen,
        answers: new Map(job.spec.http.map((entry) => [entry.path, answerOf(entry, late, job.folders.work(job.slot))])),
        mac: machine.addresses.mac,
        hostname: machine.name,
        onRequest,
      }),
    );
    event('machine.started', { name: machine.name, ...machine.about });
    machine.onRebooted(() => event('machine.rebooted', { name: machine.name }));
    machine.ended.then(
      ({ how, detail }) => event('machine.ended', { name: machine.name, how, detail }),
      () => undefined,
    );
    await machine.run(signal);
    return { machine, console, endpoint, [Symbol.asyncDispose]: () => pile[Symbol.asyncDispose]() };
  } catch (error) {
    await pile[Symbol.asyncDispose]();
    throw error;
  }
};
