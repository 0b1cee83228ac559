/** Where QEMU is with writing or reading the memory and devices of a machine (qapi/migration.json). */

import { z } from 'zod';
import type { Clock } from '../../../base/clock.ts';
import { Fault } from '../../../base/fault.ts';
import { retry } from '../../../base/waiting.ts';
import { never, type Ask } from './ask.ts';

const Migration = z.looseObject({ status: z.string().default('none'), 'error-desc': z.string().optional() });

// qapi/run-state.json
const RunState = z.looseObject({ status: z.string() });

const statusOf = async (ask: Ask) => Migration.parse(await ask('query-migrate', {}));

const untilItEnds = { attempts: Infinity, firstMs: 1, growth: 1.1, mostMs: 5 };

/** QEMU gives up at once; a minute is for one that never does. */
const untilItIsOver = { ...untilItEnds, attempts: 12_000 };

class Unfinished extends Error {}

const isUnfinished = (error: unknown): boolean => error instanceof Unfinished;

const ends = ['completed', 'failed', 'cancelled'];

/** Resolves when it is done. Throws `hypervisor_failed` with QEMU's reason, `hypervisor_unavailable`. */
export const migrated = (ask: Ask, clock: Clock, signal: AbortSignal): Promise<void> =>
  retry(
    async () => {
      const { status, ...said } = await statusOf(ask);
      if (status === 'completed') return;
      if (!ends.includes(status)) throw new Unfinished();
      const why = said['error-desc'];
      throw new Fault('hypervisor_failed', `The memory of the machine could not be moved: ${why ?? `it ${status}`}.`);
    },
    untilItEnds,
    isUnfinished,
    clock,
    signal,
  );

/** Gives up one that is under way, and returns when QEMU has. */
export const endMigration = async (ask: Ask, clock: Clock): Promise<void> => {
  await ask('migrate_cancel', {});
  const isOver = async () => {
    const { status } = await statusOf(ask);
    if (status !== 'none' && !ends.includes(status)) throw new Unfinished();
  };
  await retry(isOver, untilItIsOver, isUnfinished, clock, never);
};

/**
 * Has the guest go on. QEMU says that its memory has been moved a moment before the machine is at rest again
 * (`finish-migrate`), and refuses `cont` until then.
 */
export const letGoOn = async (ask: Ask, clock: Clock): Promise<void> => {
  const isAtRest = async () => {
    const { status } = RunState.parse(await ask('query-status', {}));
    if (status === 'finish-migrate') throw new Unfinished();
  };
  await retry(isAtRest, untilItIsOver, isUnfinished, clock, never);
  await ask('cont', {});
};
