import { Fault } from '../base/fault.ts';
import { readStatus, statusArgv } from '../base/machine/vmd-status.ts';
import type { HostAsked } from './types.ts';

/** What vmd says when asked for its machines. */
export type VmdReply =
  | { readonly is: 'answering'; readonly names: readonly string[] }
  | { readonly is: 'denied' | 'silent'; readonly why: string };

/** Asks vmd for its machines. A vmctl that is missing or hangs is a silent vmd. */
export const askVmd = async ({ host, config }: HostAsked, signal: AbortSignal): Promise<VmdReply> => {
  const { vmctl } = config.hypervisor.vmd;
  const ran = await host.run(vmctl, statusArgv, signal).catch((error: unknown) => {
    if (error instanceof Fault) return error;
    throw error;
  });
  if (ran instanceof Fault) return { is: 'silent', why: ran.message };
  const reply = readStatus(ran);
  if (reply.is === 'answering') return { is: 'answering', names: [...reply.rows.keys()] };
  return { is: reply.is, why: reply.said || 'it said nothing' };
};
