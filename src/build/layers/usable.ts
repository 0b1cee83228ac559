import type { Layer } from '../../layers/types.ts';
import { ArtifactFacts, factsOf, MachineFacts } from './facts.ts';

/** SHA-256 of what the mirror would give now; `not asked`: upstream was not asked lately, and is not asked for this. */
export type Mirrored = (
  path: string,
  signal: AbortSignal,
) => Promise<{ readonly sha256: string | undefined } | 'not asked'>;

/** Whether a build may go on from a layer, and why not. */
export type Usable = { readonly is: 'yes' } | { readonly is: 'no' | 'unknown'; readonly why: string };

/** Whether what went into a layer beside its key is still the same, and this imaged can read what is said of it. */
export const usabilityOf = async (layer: Layer, mirrored: Mirrored, signal: AbortSignal): Promise<Usable> => {
  const facts = factsOf(layer.kind === 'artifacts' ? ArtifactFacts : MachineFacts, layer);
  if (facts === undefined) return { is: 'no', why: 'another imaged kept it, in another form' };
  let unknown: string | undefined;
  for (const { path, sha256 } of facts.sets) {
    const now = await mirrored(path, signal);
    if (now === 'not asked') unknown ??= path;
    else if (now.sha256 === undefined) return { is: 'no', why: `install: set ${path} is no longer on the mirror` };
    else if (now.sha256 !== sha256) return { is: 'no', why: `install: set ${path} has another digest` };
  }
  if (unknown === undefined) return { is: 'yes' };
  return { is: 'unknown', why: `whether the mirror still has the same ${unknown} is not known before it is asked` };
};
