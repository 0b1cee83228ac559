import { cpus, release as kernelRelease, version as kernelVersion } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { unlessErrno } from '../../base/errno.ts';
import type { CacheMode } from '../../base/records/cache-mode.ts';
import { keysOf, type KeyParts, type PlanKey, type SpecsOfKeys } from '../../layers/keys/keys.ts';
import type { BuildAsked } from '../../queue/asked.ts';
import type { Spec } from '../../template/spec.ts';
import type { Hypervisor } from '../../vmm/types.ts';
import { cutsOf, type Cut } from './cuts.ts';
import { keepsOf, type KeepingMeans, type Keeps } from './restarts.ts';

export type CutParts = Omit<KeyParts, 'host' | 'restarts'> & {
  readonly hypervisor: Pick<Hypervisor, 'facts' | 'firmware' | 'shapeKey' | 'chains'>;
  /** What tells the code of this imaged from that of any other. */
  readonly program: () => Promise<string>;
};

/** Of each file its digest, where it is there. */
const digestsOf = async (files: readonly string[], { digests }: Pick<CutParts, 'digests'>, signal: AbortSignal) => {
  const found: string[] = [];
  for (const file of files) found.push((await unlessErrno(digests.read(file, signal), 'ENOENT'))?.digest ?? '');
  return found.join(' ');
};

/** What of this host goes into machines, in words: a change of any of these is a miss. */
const hostOf = async (parts: CutParts, signal: AbortSignal): Promise<KeyParts['host']> => {
  const { firmware = [] } = parts.hypervisor;
  const { name, version, accelerators } = await parts.hypervisor.facts(signal);
  // Else the guest has the instructions of the host's own processor, and the host's kernel runs it.
  const isEmulated = accelerators.every((accelerator) => accelerator === 'tcg');
  return {
    'the code of imaged': await parts.program(),
    'the hypervisor': name,
    [`the version of ${name}`]: version,
    'the list of accelerators': accelerators.join(' '),
    'the firmware of machines': await digestsOf(firmware, parts, signal),
    ...(isEmulated
      ? {}
      : { 'the processor': cpus()[0]?.model ?? '', 'the kernel': `${kernelRelease()} ${kernelVersion()}` }),
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

/** Works out the keys of a build: its files are read. `specs` were resolved after `spec`, of which the machine is made. */
export const findCuts = async (
  spec: Spec,
  specs: SpecsOfKeys,
  mode: CacheMode,
  parts: CutParts,
  signal: AbortSignal,
): Promise<FoundCuts> => {
  // These would be the keys of another machine: what this one makes would be a false hit under them.
  if (!isDeepStrictEqual(spec.hostSecrets, specs.spec.hostSecrets))
    return { keys: [], cuts: [], whyNone: 'a secret of this host was changed while the build began' };
  const host = await hostOf(parts, signal);
  const keeps = keepsOf(spec, meansOf(parts.hypervisor));
  const keys = await keysOf(specs, { ...parts, host, restarts: keeps.restarts }, signal);
  const cuts = cutsOf(spec, keys, mode, keeps);
  return { keys, cuts, ...(keeps.whyNone === undefined ? {} : { whyNone: keeps.whyNone }) };
};
