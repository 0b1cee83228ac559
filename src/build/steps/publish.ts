import { mkdir } from 'node:fs/promises';
import { publishFile } from '../../image/publish-file.ts';
import { writeSums } from '../../image/write-sums.ts';
import type { Artifact } from '../../image/types.ts';
import type { ArtifactDraft } from '../../post-processors/kind.ts';
import type { Job } from '../job.ts';
import type { Step } from '../plan.ts';

/** Hashes what is there at the end and moves it to where clients find it, with a SHA256 file beside it. */
export const publish = {
  name: 'publish',
  phase: 'publishing',
  timeoutMs: 3_600_000,
  async run({ job, drafts = [] }, { signal, log }) {
    const folder = job.folders.artifacts(job.id);
    await mkdir(folder, { recursive: true, mode: 0o750 });
    const artifacts: Artifact[] = [];
    for (const draft of drafts) {
      const artifact = await publishFile({ ...draft, folder, signal });
      log(`published ${artifact.name}: ${artifact.size} bytes, SHA-256 ${artifact.sha256}`);
      artifacts.push(artifact);
    }
    await writeSums(folder, artifacts);
    return { artifacts };
  },
} satisfies Step<{ job: Job; drafts?: readonly ArtifactDraft[] }, { artifacts: readonly Artifact[] }>;
