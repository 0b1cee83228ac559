/** The names that the machine of a slot may have at vmd. */

import { Fault } from '../../base/fault.ts';
import { isRunning, type StatusRow } from '../../base/machine/vmd-status.ts';

const ours = /^imaged-\d+(-[1-9])?$/;

const spares = ['', '-1', '-2', '-3', '-4', '-5', '-6', '-7', '-8', '-9'];

/** Whether this name is the slot's own, or stands in for it. */
const isOf = (slotName: string, name: string): boolean => spares.some((spare) => name === slotName + spare);

/** The machines of ours that run. */
export const oursIn = (rows: ReadonlyMap<string, StatusRow>): readonly string[] =>
  [...rows.values()].filter((row) => isRunning(row) && ours.test(row.name)).map(({ name }) => name);

/** The name of the slot whose machine has this one. */
export const slotNameOf = (name: string): string => name.replace(/^(imaged-\d+)-[1-9]$/, '$1');

/** Those of one slot: one at most, unless an operator made one by hand. */
export const ofSlot = (slotName: string, rows: ReadonlyMap<string, StatusRow>): readonly string[] =>
  oursIn(rows).filter((name) => isOf(slotName, name));

/**
 * The name for a slot's next machine: its own, so that vmd gives it the same id and addresses again. An instance that vmd
 * stopped because its guest reset itself too often stays in vmd's table until root reloads it, and its name with it
 * (vmd's config_setvm, from 7.4 on); then another stands in. Throws `hypervisor_failed` when all are used up.
 */
export const freeName = (slotName: string, rows: ReadonlyMap<string, StatusRow>): string => {
  const found = spares.map((spare) => slotName + spare).find((name) => !rows.has(name));
  if (found !== undefined) return found;
  throw new Fault('hypervisor_failed', `vmd keeps every name of ${slotName} as stopped. Free them: vmctl reload`);
};
