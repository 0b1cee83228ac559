import { z } from 'zod';
import { CacheMode } from '../../base/records/cache-mode.ts';
import { Duration, strict } from './words.ts';

const mode = CacheMode.default('auto').describe(
  'whether builds go on from what earlier ones have made: "auto", "off", or "only": fail where nothing is kept',
);

const Whole = strict({
  mode,
  max_age: Duration.optional().describe(
    'how long what is kept may be used; default: 24h where the machine has a network outside, else no limit',
  ),
  memory: z
    .boolean()
    .default(true)
    .describe(
      'whether running machines may be kept with their memory, where the hypervisor can; else guests are kept at rest, and started again',
    ),
});

/** `cache` of a template: a mode alone, or with what else there is to say. */
export const Cache = z
  .union([CacheMode, Whole])
  .default('auto')
  .transform((cache) => (typeof cache === 'string' ? Whole.parse({ mode: cache }) : cache))
  .describe(
    'whether the build goes on from kept layers, and keeps its own: "auto" (the default), "off", "only", or `mode`, `max_age` and `memory`',
  );

/** The keys of a provisioner that say what is kept after it. */
export const keepingKeys = {
  cache: CacheMode.optional().describe(
    'whether what it does may come from a kept layer: "auto", "off": it always runs, and all after it, or "only": it never runs',
  ),
  checkpoint: z
    .boolean()
    .optional()
    .describe(
      'whether the machine is kept after it; default: where running it took longer than keeping it. Where no running machine is kept, the guest is shut down and started again',
    ),
  max_age: Duration.optional().describe('how long what is kept after it may be used'),
};
