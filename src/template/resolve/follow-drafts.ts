import { artifactNameOf } from '../../base/artifact-name.ts';
import { quoted } from '../../base/text/nearest.ts';
import type { PostProcessorPlace, PlannedDraft } from '../../post-processors/kind.ts';
import {
  givesOf,
  scratchMbOf,
  whyNotOf,
  type PostProcessorSpec,
  type WithSettings,
} from '../../post-processors/table.ts';

/** A post-processor with its settings, before it is known what it takes. */
export type Timed = WithSettings & Pick<PostProcessorSpec, 'name' | 'timeoutMs'>;

type Follow = {
  /** The names of the artifacts that there are by now. */
  readonly names: () => readonly string[];
  readonly drafts: () => readonly PlannedDraft[];
  readonly next: (timed: Timed, takes: readonly string[], pointer: string) => PostProcessorSpec;
};

/**
 * Follows the artifacts of a build from one post-processor to the next, as they will be when it runs. It begins with
 * `begun`; no name in `reserved` may be given to a new one: others have it.
 */
export const followDrafts = (
  { wrong }: Pick<PostProcessorPlace, 'wrong'>,
  begun: readonly PlannedDraft[] = [],
  reserved: ReadonlySet<string> = new Set(),
): Follow => {
  let drafts = begun;
  /** What two of them would be called is wrong at `pointer`. */
  const checkNames = (written: readonly PlannedDraft[], others: readonly PlannedDraft[], pointer: string) => {
    const seen = new Set([...reserved, ...others.map(({ name }) => name)]);
    for (const { name } of written) {
      if (seen.has(name))
        wrong.add(pointer, `is ${quoted(name)} a second time: every artifact needs a name of its own`);
      wrong.attempt(pointer, name, () => artifactNameOf(name));
      seen.add(name);
    }
  };
  return {
    names: () => drafts.map(({ name }) => name),
    drafts: () => drafts,
    next: (timed, takes, pointer) => {
      const taken = drafts.filter(({ name }) => takes.includes(name));
      const why = whyNotOf(timed, taken);
      if (why !== undefined) wrong.add(pointer, why);
      const given = givesOf(timed, taken);
      const written = given.filter((draft) => !taken.includes(draft));
      checkNames(written, [...drafts.filter((draft) => !taken.includes(draft) || given.includes(draft))], pointer);
      drafts = [...drafts.filter((draft) => !taken.includes(draft)), ...given];
      return { ...timed, takes, newMb: written.reduce((sum, { mostMb }) => sum + mostMb, scratchMbOf(timed, taken)) };
    },
  };
};
