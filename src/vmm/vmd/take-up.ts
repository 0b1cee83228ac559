/** Goes on with a machine that an earlier run of the daemon had vmd start. */

import { existsSync } from 'node:fs';
import { Fault } from '../../base/fault.ts';
import { holderLeft } from '../held/holder.ts';
import { heldFiles } from '../held/names.ts';
import type { Machine, MachineSpec } from '../types.ts';
import { lineOf, machineOver, reach } from './machine.ts';
import { ofSlot } from './names.ts';
import { never, type VmdHost } from './start.ts';

// A machine that went while no daemon was there has no row.
const noRow = { id: 0 };

/**
 * See `Hypervisor.takeUp`. vmd knows the machine by its name alone; a machine that went meanwhile is one whose `ended` says
 * how, from its guest's last words: its console can still be read to its end.
 */
export const takeUpMachine = async (asked: MachineSpec, host: VmdHost, signal: AbortSignal): Promise<Machine> => {
  const { folder } = asked;
  if (!existsSync(heldFiles(folder).said))
    throw new Fault('hypervisor_failed', `Nothing is left of the machine ${asked.name}.`);
  const { rows, life: vmd } = await host.watch.look(signal);
  const [found, ...others] = ofSlot(asked.name, rows);
  if (others.length > 0)
    throw new Fault('hypervisor_failed', `vmd has several machines for one slot: ${[found, ...others].join(', ')}.`);
  const spec = { ...asked, name: found ?? asked.name };
  const left = await holderLeft(folder, host.clock, signal);
  const line = await lineOf(spec, left ?? (found === undefined ? 'gone' : undefined), host);
  try {
    const reached = found === undefined ? { row: noRow, vmd, hostIp: undefined } : await reach(spec, host, signal);
    return machineOver(spec, host, line, reached);
  } catch (error) {
    await line[Symbol.asyncDispose]();
    throw error;
  } finally {
    // The followers of the machine hear at once that it has gone.
    if (found === undefined) host.watch.look(never).catch(() => undefined);
  }
};
