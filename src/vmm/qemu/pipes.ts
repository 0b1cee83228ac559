/** The FIFOs of a QEMU: two of its serial line, between it and the program that holds the line, and one to ask it for events. */

import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { cleanupStack } from '../../base/cleanup.ts';
import { Fault } from '../../base/fault.ts';
import { heldLine, type HeldLine } from '../held/held-line.ts';
import { startHolder, type LineHold, type Holder } from '../held/holder.ts';
import type { MachineSpec } from '../types.ts';
import { machineFiles } from './names.ts';
import type { QemuHost } from './process/spawn.ts';

/** Of nobody's it would wait for the other side. */
const openEnd = (path: string, end: 'read' | 'write'): Promise<FileHandle> =>
  open(path, (end === 'read' ? constants.O_RDONLY : constants.O_WRONLY) | constants.O_NONBLOCK | constants.O_NOFOLLOW);

type Ends = { readonly said: FileHandle; readonly typed: FileHandle };

const holdEnds = ({ slot }: MachineSpec, { said, typed }: Ends, { user }: QemuHost): LineHold => {
  const own = user?.of(slot);
  return {
    words: ['pipes', ...(own === undefined ? [] : [String(own.uid), String(own.gid)])],
    fds: [said.fd, typed.fd],
  };
};

const startOnEnds = async (spec: MachineSpec, ends: Ends, host: QemuHost, signal: AbortSignal): Promise<Holder> => {
  const found = await startHolder(spec.folder, holdEnds(spec, ends, host), host.clock, signal);
  if (!('said' in found)) return found;
  throw new Fault('hypervisor_failed', `The serial line of ${spec.name} could not be held: ${found.said.trim()}`);
};

/** Has the line of a QEMU that runs held. Rejects with ENXIO where QEMU has gone. */
const holdAgain = async (spec: MachineSpec, host: QemuHost, signal: AbortSignal): Promise<Holder> => {
  const { pipes } = machineFiles(spec.folder);
  await using typed = await openEnd(pipes.typed.path, 'write');
  await using said = await openEnd(pipes.said.path, 'read');
  return await startOnEnds(spec, { said, typed }, host, signal);
};

// QEMU reads it when it comes to its main loop, and answers then.
const askForEvents = '{"execute":"qmp_capabilities"}\n';

/** The holder of a line whose QEMU is about to start. Disposing it leaves the FIFOs to the two of them. */
export type Holding = AsyncDisposable & { readonly holder: Promise<Holder> };

/** Starts the holder before its QEMU, and stands in for that until it is disposed: a line without another end has ended. */
export const holdFromBeginning = async (spec: MachineSpec, host: QemuHost, signal: AbortSignal): Promise<Holding> => {
  const { pipes } = machineFiles(spec.folder);
  const ends = cleanupStack();
  const end = async ({ path }: { readonly path: string }, which: 'read' | 'write') => {
    const handle = await openEnd(path, which);
    ends.defer(() => handle.close());
    return handle;
  };
  try {
    const said = await end(pipes.said, 'read');
    await end(pipes.said, 'write');
    await end(pipes.typed, 'read');
    const typed = await end(pipes.typed, 'write');
    await end(pipes.asked, 'read');
    await (await end(pipes.asked, 'write')).write(askForEvents);
    const holder = startOnEnds(spec, { said, typed }, host, signal);
    // Told to whoever waits for it.
    holder.catch(() => undefined);
    return { holder, [Symbol.asyncDispose]: () => ends[Symbol.asyncDispose]() };
  } catch (error) {
    await ends[Symbol.asyncDispose]();
    throw error;
  }
};

/** The serial line of a machine that goes on until `exited`; `holder` as `heldLine` has it. */
export const lineOf = async (
  spec: MachineSpec,
  holder: Parameters<typeof heldLine>[0],
  exited: Promise<unknown>,
  host: QemuHost,
): Promise<HeldLine> => {
  const line = await heldLine(holder, {
    folder: spec.folder,
    clock: host.clock,
    again: (signal) => holdAgain(spec, host, signal),
    onGone: () => undefined,
  });
  void exited.then(line.end);
  return line;
};
