import { makeSshKey } from '../../guest/ssh/key.ts';
import type { SshKey } from '../../guest/types.ts';
import type { Step } from '../plan.ts';

/** A key pair that lives as long as the build: the guest is given its public half. */
export const makeKey = {
  name: 'make-key',
  phase: 'preparing',
  timeoutMs: 30_000,
  async run({ workspace }, { signal }) {
    return { key: await makeSshKey(workspace, signal) };
  },
} satisfies Step<{ workspace: string }, { key: SshKey }>;
