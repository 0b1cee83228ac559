import { join } from 'node:path';
import type { SshKey } from '../../guest/types.ts';
import type { Disk } from '../../vmm/types.ts';
import type { Job } from '../job.ts';
import type { Cut } from '../layers/cuts.ts';
import { fillBeside } from '../layers/files.ts';
import { flatBytes, flattening } from '../layers/flatten.ts';
import type { Filled, Layering } from '../layers/layering.ts';
import { overlayOf, restDisks, restedIn, restOf } from '../layers/rest-disks.ts';
import type { Step } from '../plan.ts';
import { whileAlive, type Running } from '../running.ts';
import type { StepTools } from '../tools.ts';
import { machineFactsOf } from './take-layer.ts';

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
  readonly proof: NonNullable<Filled['proof']>;
};

/** Keeps the disks of a machine that is at rest. Gives those that lie over them, or, where they are not kept, themselves. */
export const keepAtRest = async (
  needs: AtRest,
  cut: Cut,
  layering: Layering,
  tools: Pick<StepTools, 'hypervisor' | 'signal' | 'past'>,
  restart?: Restart,
): Promise<readonly Disk[]> => {
  const { hypervisor, past } = tools;
  // No other layer ever lies over one that is sealed.
  const isLast = cut.part === 'seal';
  const before = layering.from && machineFactsOf(layering.from);
  let { disks } = needs;
  // They are there already: keeping them takes no room, but where they are flattened.
  await layering.keep(cut, isLast ? 0 : await flatBytes(disks, hypervisor), async (folder) => {
    await restart?.shutDown();
    const beside = await fillBeside(needs, cut, folder, past, before);
    const rested = needs.disks.map(restOf);
    disks = await restDisks(needs, cut, folder, tools);
    const flat = isLast ? {} : await flattening(folder, restedIn(folder, needs.disks), hypervisor);
    const proof = restart === undefined ? {} : { proof: restart.proof };
    return { facts: { ...beside, disks: rested }, ...flat, ...proof };
  });
  return disks;
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
      return { disks: await keepAtRest(needs, cut, layering, tools) };
    },
  }) satisfies Step<AtRest, { disks: readonly Disk[] }>;

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
      let { disks } = needs;
      const before = layering.from && machineFactsOf(layering.from);
      const { hypervisor } = tools;
      const roomBytes = job.spec.memoryMb * mbBytes + (await flatBytes(disks, hypervisor));
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
        ({ disks } = kept);
        const flat = await flattening(folder, restedIn(folder, needs.disks), hypervisor);
        const facts = { ...beside, disks: rested, network: kept.network };
        return { facts, stoodStillMs: kept.stoodStillMs, finish: kept.finish, ...flat };
      });
      return { disks };
    },
  }) satisfies Step<AtRest & { readonly running: Running }, { disks: readonly Disk[] }>;
