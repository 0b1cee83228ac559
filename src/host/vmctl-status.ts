import { Fault } from '../base/fault.ts';
import { isAnswered, rowsIn } from '../base/machine/vmd-status.ts';
import type { Asked } from './types.ts';

/** What vmd says when asked for its machines. */
export type VmdReply =
  | { readonly is: 'answering'; readonly names: readonly string[] }
  | { readonly is: 'denied' | 'silent'; readonly why: string };

/**
 * Asks vmd for its machines. The exit code of `vmctl status` says only whether there are any, so it is the words of
 * stderr that tell whether vmd could be asked (vmctl's main.c). A vmctl that is missing or hangs is a silent vmd.
 */
export const askVmd = async ({ host, config }: Asked, signal: AbortSignal): Promise<VmdReply> => {
  const { vmctl } = config.hypervisor.vmd;
  const ran = await host.run(vmctl, ['status'], signal).catch((error: unknown) => {
    if (error instanceof Fault) return error;
    throw error;
  });
  if (ran instanceof Fault) return { is: 'silent', why: ran.message };
  const { stdout, stderr } = ran;
  if (isAnswered(stdout)) return { is: 'answering', names: [...rowsIn(stdout).keys()] };
  const why = stderr.trim() || 'it said nothing';
  return { is: /denied|not permitted/i.test(why) ? 'denied' : 'silent', why };
};
