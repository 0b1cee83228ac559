import { version } from '../../base/package.ts';
import type { CacheMode } from '../../base/records/cache-mode.ts';
import { keysOf, type KeyParts, type PlanKey, type SpecsOfKeys } from '../../layers/keys/keys.ts';
import type { BuildAsked } from '../../queue/asked.ts';
import type { Spec } from '../../template/spec.ts';
import type { Hypervisor } from '../../vmm/types.ts';
import { cutsOf, type Cut } from './cuts.ts';
import { keepsOf, type KeepingMeans, type Keeps } from './restarts.ts';

/** What of this host goes into machines, in words: a change of any of these is a miss. */
const hostOf = async (hypervisor: Hypervisor, signal: AbortSignal): Promise<KeyParts['host']> => {
  const { name, version: theirs, accelerators } = await hypervisor.facts(signal);
  return {
    'the version of imaged': version,
    'the hypervisor': name,
    [`the version of ${name}`]: theirs,
    'the accelerators': accelerators.join(' '),
  };
};

/** Why a build neither takes nor keeps anything; undefined: it may. */
export const whyNothing = (
  { cache, debug }: Pick<BuildAsked, 'cache' | 'debug'>,
  spec: Pick<Spec, 'cache'>,
  host: 'keeps layers' | 'keeps none',
): string | undefined => {
  if (host === 'keeps none') return 'the configuration of this host has "enabled = false" in [cache]';
  if (cache === 'off') return 'the request says cache=off';
  if (spec.cache.mode === 'off') return 'the template says "cache": "off"';
  return debug === true ? 'with debug, people may change the guest between its steps' : undefined;
};

/** Where the plan of a build may be cut, and the keys of all its parts. */
export type FoundCuts = Pick<Keeps, 'whyNone'> & {
  readonly keys: readonly PlanKey[];
  readonly cuts: readonly Cut[];
};

/** What a hypervisor has for keeping machines. */
const meansOf = ({ shapeKey, chains }: Pick<Hypervisor, 'shapeKey' | 'chains'>): KeepingMeans => ({
  keepsMachines: shapeKey !== undefined,
  over: chains.over,
});

/** Works out the keys of a build: its files are read. */
export const findCuts = async (
  spec: Spec,
  specs: SpecsOfKeys,
  mode: CacheMode,
  hypervisor: Hypervisor,
  parts: Omit<KeyParts, 'host' | 'restarts'>,
  signal: AbortSignal,
): Promise<FoundCuts> => {
  const host = await hostOf(hypervisor, signal);
  const keeps = keepsOf(spec, meansOf(hypervisor));
  const keys = await keysOf(specs, { ...parts, host, restarts: keeps.restarts }, signal);
  const cuts = cutsOf(spec, keys, mode, keeps);
  return { keys, cuts, ...(keeps.whyNone === undefined ? {} : { whyNone: keeps.whyNone }) };
};
