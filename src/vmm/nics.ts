import type { Nic } from '../base/hardware.ts';

/** As many as vmd gives a machine (VMM_MAX_NICS_PER_VM), and QEMU the same. */
export const mostNics = 4;

/** Whether the machine is to reach the network outside, and so needs more of its host. */
export const asksForOutgoing = (nics: readonly Nic[]): boolean => nics.some(({ network }) => network === 'outgoing');
