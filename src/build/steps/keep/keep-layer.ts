import { join } from 'node:path';
import type { SshKey } from '../../../guest/types.ts';
import type { Disk } from '../../../vmm/types.ts';
import type { Job } from '../../job.ts';
import type { Cut } from '../../layers/cuts.ts';
import { fillBeside } from '../../layers/files.ts';
import { finishing } from '../../layers/finishing.ts';
import { flatBytes, flattening } from '../../layers/flatten.ts';
import type { FilledLayer, Layering } from '../../layers/layering.ts';
import { overlayOf, restDisks, restedIn, restOf } from '../../layers/rest-disks.ts';
import type { Step } from '../../plan.ts';
import { whileAlive, type Running } from '../../machine/running.ts';
import type { StepTools } from '../../attempt/tools.ts';
import { machineFactsOf } from './take-layer.ts';

/** What lies over the disks that were kept, and what was put into the folder of the layer: a daemon that is started before it is one finishes it. */
export type Rested = {
  readonly disks: readonly Disk[];
  readonly kept?: { readonly key: string; readonly step?: string | undefined; readonly facts: unknown };
};

export type AtRest = {
  readonly job: Job;
  readonly workspace: string;
  readonly disks: readonly Disk[];
  readonly key?: SshKey;
};

const mbBytes = 1024 * 1024;

/** What keeping the disks of a guest has besides that is started anew for it. */
export type Restart = {
  /** Has it shut down: only then are its disks at rest. */
  readonly shutDown: () => Promise<void>;
  readonly proof: NonNullable<FilledLayer['proof']>;
};

/** Keeps the disks of a machine that is at rest. Where they are not kept, it gives themselves. */
export const keepAtRest = async (
  needs: AtRest,
  cut: Cut,
  layering: Layering,
  tools: Pick<StepTools, 'hypervisor' | 'signal' | 'past'>,
  restart?: Restart,
): Promise<Rested> => {
  const { hypervisor, past } = tools;
  // No other layer ever lies over one that is sealed.
  const isLast = cut.part === 'seal';
  const before = layering.from && machineFactsOf(layering.from);
  let rest: Rested = { disks: needs.disks };
  // They are there already: keeping them takes no room, but where they are flattened.
  await layering.keep(cut, isLast ? 0 : await flatBytes(needs.disks, hypervisor), async (folder) => {
    await restart?.shutDown();
    const beside = await fillBeside(needs, cut, folder, past, before);
    const rested = needs.disks.map(restOf);
    const facts = { ...beside, disks: rested };
    rest = { disks: await restDisks(needs, cut, folder, tools), kept: { key: cut.key, step: cut.step, facts } };
    const flat = isLast ? {} : await flattening(folder, restedIn(folder, needs.disks), hypervisor);
    const proof = restart === undefined ? {} : { proof: restart.proof };
    return { facts, ...flat, ...proof };
  });
  return rest;
};

/** Keeps the disks after the installation, or those of the sealed guest, and goes on over them. */
export const keepDisks = (cut: Cut, layering: Layering, of: 'installed' | 'sealed' = 'installed') =>
  ({
    name: of === 'installed' ? 'keep-disks' : 'keep-sealed-disks',
    phase: of === 'installed' ? 'installing' : 'sealing',
    timeoutMs: 120_000,
    about: 'for later builds',
    async run(needs, tools) {
      if (!layering.isWorthIt(cut)) {
        layering.passed(cut);
        return { disks: needs.disks };
      }
      return keepAtRest(needs, cut, layering, tools);
    },
  }) satisfies Step<AtRest, Rested>;

/** Keeps a machine that runs, which goes on. */
export const keepMachine = (cut: Cut, layering: Layering) =>
  ({
    name: `keep-after-${cut.step}`,
    type: 'keep-machine',
    phase: 'provisioning',
    timeoutMs: 600_000,
    about: 'for later builds',
    async run(needs, tools) {
      const { workspace, running, job } = needs;
      const { keep } = running.machine;
      if (keep === undefined || !layering.isWorthIt(cut)) {
        layering.passed(cut);
        return { disks: needs.disks };
      }
      let rest: Rested = { disks: needs.disks };
      const before = layering.from && machineFactsOf(layering.from);
      const { hypervisor } = tools;
      const roomBytes = job.spec.memoryMb * mbBytes + (await flatBytes(needs.disks, hypervisor));
      await layering.keep(cut, roomBytes, async (folder) => {
        const beside = await fillBeside(needs, cut, folder, tools.past, before);
        const rested = needs.disks.map(restOf);
        const kept = await whileAlive(
          running,
          'the machine was kept',
          (signal) =>
            keep(
              {
                folder,
                overlays: needs.disks.map((_, at) => overlayOf(workspace, cut, at)),
                rests: rested.map(({ file }) => join(folder, file)),
              },
              signal,
            ),
          tools,
        );
        const facts = { ...beside, disks: rested, network: kept.network };
        rest = { disks: kept.disks, kept: { key: cut.key, step: cut.step, facts } };
        const flat = await flattening(folder, restedIn(folder, needs.disks), hypervisor);
        return { facts, stoodStillMs: kept.stoodStillMs, ...finishing(cut, folder, hypervisor), ...flat };
      });
      return rest;
    },
  }) satisfies Step<AtRest & { readonly running: Running }, Rested>;
