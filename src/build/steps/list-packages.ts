import { join } from 'node:path';
import { bounds } from '../../base/bounds.ts';
import { listPackages as listIn } from '../../guest/list-packages.ts';
import type { Guest } from '../../guest/types.ts';
import { packageList } from '../../post-processors/materials/listing.ts';
import type { Step } from '../plan.ts';
import { whileAlive, type Running } from '../machine/running.ts';
import { goesOnByRunning } from '../take-up/goes-on-by-running.ts';
import type { StepTools } from '../attempt/tools.ts';

type Needs = {
  readonly running: Running;
  readonly guest: Guest;
  readonly workspace: string;
  readonly collected?: Readonly<Record<string, string>>;
};

/** Has the guest list its packages, for the post-processors that tell of them. */
export const listPackages = {
  name: 'list-packages',
  phase: 'provisioning',
  timeoutMs: 300_000,
  about: 'what the guest has, for the bill of materials',
  ...goesOnByRunning(async ({ running, guest, workspace, collected = {} }: Needs, tools: StepTools) => {
    const to = { file: join(workspace, packageList), mostBytes: bounds.packageListBytes };
    await whileAlive(running, 'the list of packages', (alive) => listIn(guest, to, alive), tools);
    return { collected: { ...collected, [packageList]: to.file } };
  }),
} satisfies Step<Needs, { collected: Readonly<Record<string, string>> }>;
