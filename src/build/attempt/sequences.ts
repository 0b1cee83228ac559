import { rm } from 'node:fs/promises';
import { asFault, type Fault } from '../../base/fault.ts';
import type { ArtifactDraft } from '../../post-processors/kind.ts';
import type { PlanEnd } from '../plan.ts';

/** The end of a build one of whose sequences of post-processors has failed, with the drafts that there are all the same. */
export class SequencesFailed extends Error {
  override readonly name = 'SequencesFailed';
  readonly fault: Fault;
  readonly drafts: readonly ArtifactDraft[];

  constructor(fault: Fault, drafts: readonly ArtifactDraft[]) {
    super(fault.message, { cause: fault });
    this.fault = fault;
    this.drafts = drafts;
  }
}

/** Each file once, in the order of its first mention; of two drafts of one file the one of which more is known. */
const eachOnce = (drafts: readonly ArtifactDraft[]): readonly ArtifactDraft[] => {
  const byFile = new Map<string, ArtifactDraft>();
  for (const draft of drafts) if (byFile.get(draft.from)?.known === undefined) byFile.set(draft.from, draft);
  return [...byFile.values()];
};

type Has = { readonly drafts?: readonly ArtifactDraft[] };

/**
 * What there is when all sequences have ended: what each of them had by then, and of the exports those that some sequence has
 * left. Throws `SequencesFailed` with the fault of the first, in the order of the template, that failed.
 */
export const joinSequences = async (
  ends: readonly PlanEnd<Has>[],
  { drafts: exported = [] }: Has,
): Promise<{ readonly drafts: readonly ArtifactDraft[] }> => {
  const left = eachOnce(ends.flatMap(({ has }) => has.drafts ?? []));
  const isLeft = ({ from }: ArtifactDraft) => left.some((draft) => draft.from === from);
  for (const draft of exported) if (!isLeft(draft)) await rm(draft.from, { force: true });
  const own = exported.flatMap(({ from }) => left.filter((draft) => draft.from === from));
  const drafts = [...own, ...left.filter((draft) => !own.includes(draft))];
  const faults = ends.flatMap(({ error }) => (error === undefined ? [] : [asFault(error)]));
  const first = faults.find(({ code }) => code === 'lease_lost') ?? faults[0];
  if (first !== undefined) throw new SequencesFailed(first, drafts);
  return { drafts };
};
