import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SshKey } from '../../guest/types.ts';
import type { Disk } from '../../vmm/types.ts';
import type { Job } from '../job.ts';
import type { Cut } from '../layers/cuts.ts';
import { fillBeside } from '../layers/files.ts';
import type { Layering } from '../layers/layering.ts';
import type { Step } from '../plan.ts';
import type { Running } from '../running.ts';
import { whileAlive } from '../running.ts';
import type { StepTools } from '../tools.ts';
import { machineFactsOf } from './take-layer.ts';

type AtRest = { readonly job: Job; readonly workspace: string; readonly disks: readonly Disk[]; readonly key?: SshKey };

const mbBytes = 1024 * 1024;

const restOf = (disk: Disk, at: number) => ({ file: `disk${at}.${disk.format}`, format: disk.format });

/** Where the next disk over this one is. */
const overlayOf = (workspace: string, cut: Cut, at: number): string =>
  join(workspace, `disk${at}-${cut.kind}-${cut.provisioners}.qcow2`);

/** Puts each disk into the folder of the layer and a new one over it; on failure all is as it was. */
const restDisks = async (
  { workspace, disks }: AtRest,
  cut: Cut,
  folder: string,
  { hypervisor, signal }: Pick<StepTools, 'hypervisor' | 'signal'>,
): Promise<readonly Disk[]> => {
  const done: { readonly from: string; readonly to: string; readonly overlay: string }[] = [];
  try {
    const over: Disk[] = [];
    for (const [at, disk] of disks.entries()) {
      const { file, format } = restOf(disk, at);
      const [to, overlay] = [join(folder, file), overlayOf(workspace, cut, at)];
      await rename(disk.path, to);
      done.push({ from: disk.path, to, overlay });
      const next: Disk = { path: overlay, format: 'qcow2', base: { path: to, format, layers: 'chain' } };
      await hypervisor.createDisk(next, signal);
      over.push(next);
    }
    return over;
  } catch (error) {
    for (const { from, to, overlay } of done) {
      await rm(overlay, { force: true });
      await rename(to, from);
    }
    throw error;
  }
};

/** Keeps the disks of a machine that is at rest, and goes on over them. */
export const keepDisks = (cut: Cut, layering: Layering) =>
  ({
    name: 'keep-disks',
    phase: 'installing',
    timeoutMs: 120_000,
    about: 'for later builds',
    async run(needs, tools) {
      if (!layering.isWorthIt(cut)) {
        layering.passed(cut);
        return { disks: needs.disks };
      }
      let { disks } = needs;
      // They are there already: keeping them takes no room.
      await layering.keep(cut, 0, async (folder) => {
        const beside = await fillBeside(needs, cut, folder, tools.past, undefined);
        const rested = needs.disks.map(restOf);
        disks = await restDisks(needs, cut, folder, tools);
        return { facts: { ...beside, disks: rested } };
      });
      return { disks };
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
      await layering.keep(cut, job.spec.memoryMb * mbBytes, async (folder) => {
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
        return { facts: { ...beside, disks: rested, network: kept.network }, stoodStillMs: kept.stoodStillMs };
      });
      return { disks };
    },
  }) satisfies Step<AtRest & { readonly running: Running }, { disks: readonly Disk[] }>;
