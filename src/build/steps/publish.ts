import { mkdir } from 'node:fs/promises';
import { publishFile } from '../../image/publish-file.ts';
import { writeSums } from '../../image/write-sums.ts';
import type { Artifact } from '../../image/types.ts';
import type { Job } from '../job.ts';
import type { Step } from '../plan.ts';
import type { Exported } from './export-artifact.ts';

/** Hashes what was exported and moves it to where clients find it, with a SHA256 file beside it. */
export const publish = {
  name: 'publish',
  phase: 'publishing',
  timeoutMs: 3_600_000,
  async run({ job, exported = [] }, { signal, log }) {
    const folder = job.folders.artifacts(job.id);
    await mkdir(folder, { recursive: true, mode: 0o750 });
    const artifacts: Artifact[] = [];
    for (const { name, path, format } of exported) {
      const artifact = await publishFile({ from: path, folder, name, format, signal });
      log(`published ${name}: ${artifact.size} bytes, SHA-256 ${artifact.sha256}`);
      artifacts.push(artifact);
    }
    await writeSums(folder, artifacts);
    return { artifacts };
  },
} satisfies Step<{ job: Job; exported?: readonly Exported[] }, { artifacts: readonly Artifact[] }>;
