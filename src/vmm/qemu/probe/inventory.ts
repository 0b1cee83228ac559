/** What this QEMU is and knows, asked of the program itself. */

import { Fault } from '../../../base/fault.ts';
import { runProgram } from '../../../base/program.ts';
import { strictSandbox } from '../process/sandbox.ts';

export type Inventory = {
  /** "7.2.22" */
  readonly version: string;
  readonly accelerators: readonly string[];
  /** Of the pc and q35 families: the others have no PCI, or no firmware that boots a disk. */
  readonly machineTypes: readonly string[];
  readonly cpuModels: readonly string[];
  /** Network cards for PCI. */
  readonly netDevices: readonly string[];
  /** Whether it has virtio's device for random numbers, on PCI. */
  readonly hasRandom: boolean;
  readonly canSandbox: boolean;
};

const wordsAtLineStart = (text: string): readonly string[] =>
  text.split('\n').flatMap((line) => /^\s*(?:x86 )?([A-Za-z0-9_][\w.+-]*)/.exec(line)?.slice(1, 2) ?? []);

/** Names and aliases in the section "Network devices" of `-device help`. */
export const netDevicesIn = (help: string): readonly string[] =>
  (/(?:^|\n)Network devices:\n([^]*?)(?:\n\n|$)/.exec(help)?.[1] ?? '')
    .split('\n')
    .filter((line) => line.includes('bus PCI'))
    .flatMap((line) => [...line.matchAll(/(?:name|alias) "([^"]+)"/g)].map(([, name]) => name ?? ''));

/** Its version alone, which is quick to have. Throws `program_missing` or `hypervisor_unavailable`. */
export const versionOf = async (binary: string, signal: AbortSignal): Promise<string> => {
  const { stdout } = await runProgram(binary, ['--version'], { signal });
  const number = /version ([0-9][\w.]*)/.exec(stdout)?.[1];
  if (number === undefined)
    throw new Fault('hypervisor_unavailable', `${binary} does not say its version: is it QEMU?`, { saw: stdout });
  return number;
};

/** Asks for everything else. Throws `program_missing` or `hypervisor_unavailable`. */
export const takeInventory = async (binary: string, version: string, signal: AbortSignal): Promise<Inventory> => {
  const ask = async (...args: readonly string[]) => (await runProgram(binary, args, { signal })).stdout;
  // One after the other: to start a program keeps the loop for some milliseconds, and the first requests have come by now.
  const accelerators = await ask('-accel', 'help');
  const machines = await ask('-machine', 'help');
  const cpus = await ask('-cpu', 'help');
  const devices = await ask('-device', 'help');
  // A QEMU without seccomp refuses the option, whatever else it was asked.
  const sandboxed = await runProgram(binary, ['-sandbox', strictSandbox, '-accel', 'help'], { signal, accept: 'any' });
  return {
    version,
    accelerators: wordsAtLineStart(accelerators).filter((name) => ['kvm', 'hvf', 'tcg'].includes(name)),
    machineTypes: wordsAtLineStart(machines).filter((name) => /^(pc|q35|pc-.*)$/.test(name)),
    cpuModels: wordsAtLineStart(cpus.replace(/^Recognized CPUID flags:[^]*/m, '')),
    netDevices: netDevicesIn(devices),
    hasRandom: devices.includes('name "virtio-rng-pci"'),
    canSandbox: sandboxed.exitCode === 0,
  };
};
