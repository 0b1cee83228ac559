import { strictest, type CacheMode } from '../../base/records/cache-mode.ts';
import type { LayerKind } from '../../base/records/layer-kind.ts';
import type { PlanKey } from '../../layers/keys/keys.ts';
import type { PostProcessorSpec, PostProcessorType } from '../../post-processors/table.ts';
import type { Spec } from '../../template/spec.ts';
import type { Keeps } from './restarts.ts';

/** A place of the plan behind which what was made may be kept. */
export type Cut = PlanKey & {
  readonly kind: LayerKind;
  /** How many provisioners have run by then. */
  readonly provisioners: number;
  readonly mode: CacheMode;
  /** How long it may be used; undefined: for ever. */
  readonly maxAgeMs?: number;
  /** Whether it is kept; undefined: where what came before it took longer than keeping it. */
  readonly checkpoint?: boolean;
};

/** Those whose files are the same for the same disk, whenever they are made, and which no other host is told of. */
const repeatable: readonly PostProcessorType[] = ['export', 'convert', 'compress', 'checksum'];

export const isRepeatable = ({ type }: Pick<PostProcessorSpec, 'type'>): boolean => repeatable.includes(type);

const hasArtifactCut = ({ postProcessors }: Spec): boolean => postProcessors.every(isRepeatable);

/** Whether the disks of the sealed guest are all that the post-processors need. */
const hasSealedCut = ({ communicator, postProcessors }: Spec): boolean =>
  communicator !== undefined && postProcessors.every(({ type }) => type !== 'sbom');

const kindOf = (part: string, spec: Spec, { machines, restarts }: Keeps): LayerKind | undefined => {
  if (part === 'finish') return hasArtifactCut(spec) ? 'artifacts' : undefined;
  if (spec.disks.length === 0) return undefined;
  if (part === 'seal') return hasSealedCut(spec) ? 'disk' : undefined;
  if (part === 'install') return spec.install !== undefined && spec.install.ends !== 'never' ? 'disk' : undefined;
  if (machines) return spec.communicator?.type === 'ssh' ? 'machine' : undefined;
  return restarts.has(part) ? 'disk' : undefined;
};

const youngest = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined ? other : other === undefined ? one : Math.min(one, other);

/**
 * Where the plan of a build may be cut. `mode` is that of the whole, the request's and the template's together; what one
 * provisioner says of itself holds for all that comes after it.
 */
export const cutsOf = (spec: Spec, keys: readonly PlanKey[], whole: CacheMode, keeps: Keeps): readonly Cut[] => {
  let mode = whole;
  let maxAgeMs = spec.cache.maxAgeMs;
  let provisioners = 0;
  return keys.flatMap((key): readonly Cut[] => {
    const own = key.part.startsWith('provisioners/') ? spec.provisioners[provisioners++] : undefined;
    mode = own?.cache === 'off' ? 'off' : mode;
    maxAgeMs = youngest(maxAgeMs, own?.maxAgeMs);
    const kind = kindOf(key.part, spec, keeps);
    if (kind === undefined) return [];
    return [
      {
        ...key,
        ...{ kind, provisioners, mode: strictest(mode, own?.cache ?? 'auto') },
        ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
        ...(own?.checkpoint === undefined ? {} : { checkpoint: own.checkpoint }),
      },
    ];
  });
};

/** Whether anything may be kept, or taken, there. */
export const isOpen = ({ mode, changes }: Cut): boolean => mode !== 'off' && changes === undefined;
