import { z } from 'zod';
import { bounds } from '../base/bounds.ts';
import { keepingKeys } from '../template/document/cache.ts';
import { Duration, forMachines, Pause, StepName } from '../template/document/words.ts';
import { durationOf } from '../base/units.ts';
import type { CacheMode } from '../base/records/cache-mode.ts';
import type { Fields } from '../template/resolve/fields.ts';

/** The keys that every provisioner has. */
export const commonKeys = {
  name: StepName,
  timeout: Duration.default('30m').describe('for one try'),
  max_retries: z.int().min(0).max(20).default(0).describe('how often it is run again when it fails'),
  ...keepingKeys,
  pause_before: Pause.default(0).describe('pause before it begins'),
  ...forMachines,
  override: z
    .record(z.string(), z.record(z.string(), z.unknown()))
    .optional()
    .describe('keys that are other for some machines, by the name of the machine'),
};

/** For a kind that runs programs whose end says how it went. */
export const exitCodes = z
  .array(z.int().min(0).max(255))
  .min(1)
  .max(bounds.exitCodes)
  .default([0])
  .describe('exit codes that are no failure');

type Asked = z.output<z.ZodObject<typeof commonKeys>>;

/** What these keys come to. Times are milliseconds. */
export type Policy = {
  readonly name: string;
  /** For one try. */
  readonly timeoutMs: number;
  readonly maxRetries: number;
  readonly pauseBeforeMs: number;
  /** Undefined: as the whole build. */
  readonly cache?: CacheMode;
  /** Whether the machine is kept after it; undefined: as it is worth it. */
  readonly checkpoint?: boolean;
  /** How long what is kept after it may be used. */
  readonly maxAgeMs?: number;
};

/** `name` is for a provisioner that has none of its own. */
export const resolvePolicy = (asked: Asked, name: string, pointer: string, fields: Fields): Policy => ({
  name: asked.name ?? name,
  timeoutMs: fields.made(`${pointer}/timeout`, asked.timeout, 1, (time) => durationOf(time)),
  maxRetries: asked.max_retries,
  pauseBeforeMs: fields.made(`${pointer}/pause_before`, asked.pause_before, 0, (time) => durationOf(time, 0)),
  ...(asked.cache === undefined ? {} : { cache: asked.cache }),
  ...(asked.checkpoint === undefined ? {} : { checkpoint: asked.checkpoint }),
  ...(asked.max_age === undefined
    ? {}
    : { maxAgeMs: fields.made(`${pointer}/max_age`, asked.max_age, 1, (time) => durationOf(time)) }),
});
