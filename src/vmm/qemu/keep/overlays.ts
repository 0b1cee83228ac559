/** The block devices of a running QEMU, as they are put over each other and taken apart again (qapi/block-core.json). */

import { z } from 'zod';
import type { Clock } from '../../../base/clock.ts';
import { Fault } from '../../../base/fault.ts';
import { retry } from '../../../base/waiting.ts';
import { never, type Ask } from './ask.ts';

/** A file that is added to QEMU under a name of its own, to lie over the node beneath. */
export type Overlay = { readonly node: string; readonly over: string };

const Blocks = z.array(z.looseObject({ inserted: z.looseObject({ 'node-name': z.string() }).optional() }));

/**
 * What each disk is now, as QEMU tells it: `disk0` as it was started, `disk0-1` after it was kept once, and so on. Asked each time, as
 * whoever started the machine may have been another daemon.
 */
export const nodesOf = async (ask: Ask, disks: number): Promise<readonly string[]> => {
  const tops = Blocks.parse(await ask('query-block', {})).flatMap(({ inserted }) => inserted?.['node-name'] ?? []);
  return Array.from({ length: disks }, (_, index) => {
    const node = tops.find((name) => name === `disk${index}` || name.startsWith(`disk${index}-`));
    if (node === undefined) throw new Fault('hypervisor_failed', `QEMU does not tell what its disk ${index} is.`);
    return node;
  });
};

/** The name of what comes over a node. */
export const nodeOver = (node: string): string => {
  const [disk = node, times = '0'] = node.split('-');
  return `${disk}-${Number(times) + 1}`;
};

/** As `disksArgv` has a disk, without the images beneath it, of which QEMU knows. */
export const addOverlay = async (ask: Ask, node: string, filename: string): Promise<void> => {
  const file = { driver: 'file', filename, locking: 'off' };
  const overlay = { driver: 'qcow2', 'node-name': node, cache: { 'no-flush': true }, discard: 'unmap', file };
  await ask('blockdev-add', { ...overlay, backing: null });
};

/** Every disk goes on with its overlay, or none does. */
export const layOver = async (ask: Ask, overlays: readonly Overlay[]): Promise<void> => {
  if (overlays.length === 0) return;
  const actions = overlays.map(({ node, over }) => ({
    type: 'blockdev-snapshot',
    data: { node: over, overlay: node },
  }));
  await ask('transaction', { actions });
};

export const removeOverlay = async (ask: Ask, { node }: Pick<Overlay, 'node'>): Promise<void> =>
  void (await ask('blockdev-del', { 'node-name': node }));

const Jobs = z.array(z.looseObject({ id: z.string(), status: z.string() }));

const untilItIsThere = { attempts: 2000, firstMs: 2, growth: 1.3, mostMs: 50 };

class NotYet extends Error {}

/** Waits until the job is in this state, or has gone. */
const jobIs = (ask: Ask, job: string, wanted: 'ready' | 'gone', clock: Clock): Promise<void> =>
  retry(
    async () => {
      const jobs = Jobs.parse(await ask('query-jobs', {}));
      const status = jobs.find(({ id }) => id === job)?.status ?? 'gone';
      if (status !== wanted && status !== 'gone') throw new NotYet();
    },
    untilItIsThere,
    (error) => error instanceof NotYet,
    clock,
    never,
  );

/** The disk goes on without its overlay, whose content moves down, while the guest runs. */
export const takeOff = async (ask: Ask, overlay: Overlay, clock: Clock): Promise<void> => {
  const job = `undo-${overlay.node}`;
  await ask('block-commit', { 'job-id': job, device: overlay.node, 'base-node': overlay.over });
  await jobIs(ask, job, 'ready', clock);
  await ask('job-complete', { id: job });
  await jobIs(ask, job, 'gone', clock);
  await removeOverlay(ask, overlay);
};
