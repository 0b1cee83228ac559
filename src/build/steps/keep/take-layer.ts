import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../../base/fault.ts';
import { keyFileIn } from '../../../guest/ssh/files.ts';
import type { SshKey } from '../../../guest/types.ts';
import type { Disk } from '../../../vmm/types.ts';
import { downloadedFile } from '../../downloaded-file.ts';
import type { Job } from '../../job.ts';
import { factsOf, MachineFacts } from '../../layers/facts.ts';
import { layerFiles } from '../../layers/files.ts';
import type { Taken } from '../../layers/layering.ts';
import { variablesFile } from '../../media/variables-file.ts';
import type { Step } from '../../plan.ts';

/** What a layer says of its machine. It was looked at before it was taken. */
export const machineFactsOf = ({ held }: Taken): MachineFacts => {
  const facts = factsOf(MachineFacts, held.layer);
  if (facts === undefined) throw new Fault('layer_missing', `The layer ${held.layer.key} is not one of a machine.`);
  return facts;
};

/** The disks of a kept layer, each with a new one over it, and what else it has of the machine. */
export const takeLayer = (taken: Taken) =>
  ({
    name: 'take-layer',
    phase: 'preparing',
    timeoutMs: 120_000,
    about: `after ${taken.cut.step}, by build ${taken.held.layer.buildId}`,
    async run({ workspace }, { hypervisor, signal }) {
      const { folder } = taken.held;
      const facts = machineFactsOf(taken);
      const disks: Disk[] = [];
      for (const [at, { file, format }] of facts.disks.entries()) {
        const base = { path: join(folder, file), format, layers: 'chain' } as const;
        const disk: Disk = { path: join(workspace, `disk${at}.qcow2`), format: 'qcow2', base };
        await hypervisor.createDisk(disk, signal);
        disks.push(disk);
      }
      if (facts.hasVariables) await copyFile(join(folder, layerFiles.variables), variablesFile(workspace));
      for (const { name, file } of facts.downloads) await copyFile(join(folder, file), downloadedFile(workspace, name));
      return { disks };
    },
  }) satisfies Step<{ job: Job; workspace: string }, { disks: readonly Disk[] }>;

/** The key that the guest of a kept layer lets in. */
export const takeKey = (taken: Taken) =>
  ({
    name: 'take-key',
    phase: 'preparing',
    timeoutMs: 30_000,
    async run({ workspace }) {
      const { folder } = taken.held;
      const privateFile = keyFileIn(workspace);
      await copyFile(join(folder, layerFiles.key), privateFile);
      await copyFile(join(folder, layerFiles.publicKey), `${privateFile}.pub`);
      return { key: { privateFile, publicKey: (await readFile(`${privateFile}.pub`, 'utf8')).trim() } };
    },
  }) satisfies Step<{ workspace: string }, { key: SshKey }>;
