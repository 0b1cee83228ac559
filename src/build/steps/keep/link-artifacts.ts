import { link, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { artifactName } from '../../../base/artifact-name.ts';
import { Fault } from '../../../base/fault.ts';
import type { Artifact } from '../../../image/types.ts';
import { writeSums } from '../../../image/write-sums.ts';
import type { Job } from '../../job.ts';
import type { Cut } from '../../layers/cuts.ts';
import { ArtifactFacts, factsOf } from '../../layers/facts.ts';
import { setsOf } from '../../layers/files.ts';
import type { Layering, Taken } from '../../layers/layering.ts';
import type { Step } from '../../plan.ts';
import { machineFactsOf } from './take-layer.ts';

/** Publishes what another build has made of the same input: the files have one more name, and are not made again. */
export const linkArtifacts = ({ held }: Taken) =>
  ({
    name: 'link-artifacts',
    phase: 'publishing',
    timeoutMs: 120_000,
    about: `of build ${held.layer.buildId}`,
    async run({ job }, { log }) {
      const facts = factsOf(ArtifactFacts, held.layer);
      if (facts === undefined) throw new Fault('layer_missing', `The layer ${held.layer.key} is not one of artifacts.`);
      const folder = job.folders.artifacts(job.id);
      await mkdir(folder, { recursive: true, mode: 0o750 });
      const artifacts = facts.artifacts.map(({ file: _, ...artifact }): Artifact => artifact);
      for (const { name, file } of facts.artifacts)
        await link(join(held.folder, file), join(folder, artifactName(name)));
      // Which makes the other names in the folder durable too.
      await writeSums(folder, artifacts);
      for (const { name, size, sha256 } of artifacts) log(`published ${name}: ${size} bytes, SHA-256 ${sha256}`);
      return { artifacts };
    },
  }) satisfies Step<{ job: Job }, { artifacts: readonly Artifact[] }>;

/** Keeps what the whole build has published, under one more name for each file. */
export const keepArtifacts = (cut: Cut, layering: Layering) =>
  ({
    name: 'keep-artifacts',
    phase: 'publishing',
    timeoutMs: 120_000,
    about: 'for later builds',
    async run({ job, artifacts }, { past }) {
      if (!layering.isWorthIt(cut)) {
        layering.passed(cut);
        return {};
      }
      await layering.keep(cut, 0, async (folder) => {
        const kept = artifacts.map((artifact, at) => ({ ...artifact, file: `artifact-${at}` }));
        for (const { name, file } of kept)
          await link(join(job.folders.artifacts(job.id), artifactName(name)), join(folder, file));
        const before = layering.from && machineFactsOf(layering.from);
        return { facts: { artifacts: kept, sets: setsOf(past, before) } };
      });
      return {};
    },
  }) satisfies Step<{ job: Job; artifacts: readonly Artifact[] }, object>;
