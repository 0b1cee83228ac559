import { mkdir, rm } from 'node:fs/promises';
import type { Job } from '../job.ts';
import type { Step } from '../plan.ts';

/** The build's own folders, empty: what an earlier attempt left in them goes first. */
export const makeWorkspace = {
  name: 'make-workspace',
  phase: 'preparing',
  timeoutMs: 60_000,
  async run({ job: { id, slot, folders } }, { keep }) {
    const workspace = folders.work(slot);
    const machine = folders.machine(slot);
    for (const folder of [workspace, machine, folders.artifacts(id)])
      await rm(folder, { recursive: true, force: true });
    const letGo = async () => {
      for (const folder of [workspace, machine]) await rm(folder, { recursive: true, force: true });
    };
    keep({ [Symbol.asyncDispose]: letGo });
    for (const folder of [workspace, machine]) await mkdir(folder, { mode: 0o700 });
    return { workspace };
  },
} satisfies Step<{ job: Job }, { workspace: string }>;
