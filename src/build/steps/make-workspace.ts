import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { draftPrefix } from '../media/draft-files.ts';
import type { Job } from '../job.ts';
import type { Step } from '../plan.ts';

const removalOf = (folders: readonly string[]): AsyncDisposable => ({
  [Symbol.asyncDispose]: async () => {
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  },
});

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
    keep(removalOf([workspace, machine]));
    for (const folder of [workspace, machine]) await mkdir(folder, { mode: 0o700 });
    return { workspace };
  },
  takeUp: {
    // What a post-processor had begun is made anew.
    async ended({ job: { slot, folders } }, { keep }) {
      const workspace = folders.work(slot);
      keep(removalOf([workspace, folders.machine(slot)]));
      for (const name of await readdir(workspace))
        if (name.startsWith(draftPrefix)) await rm(join(workspace, name), { recursive: true, force: true });
      return { workspace };
    },
  },
} satisfies Step<{ job: Job }, { workspace: string }>;
