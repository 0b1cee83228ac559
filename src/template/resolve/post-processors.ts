import { artifactNameOf } from '../../base/artifact-name.ts';
import { bounds } from '../../base/bounds.ts';
import { didYouMean, quoted } from '../../base/nearest.ts';
import { exporting } from '../../post-processors/export.ts';
import type { Place, PlannedDraft } from '../../post-processors/kind.ts';
import { givesOf, resolveSettings, type PostProcessorSpec, type WithSettings } from '../../post-processors/table.ts';
import type { Template } from '../document/template.ts';
import { durationOf } from '../../base/units.ts';

// A disk of hundreds of gigabytes is written in this time.
const exportTimeoutMs = 2 * 3_600_000;

type Timed = WithSettings & Pick<PostProcessorSpec, 'name' | 'timeoutMs'>;

/** Follows the artifacts of a build from one post-processor to the next, as they will be when it runs. */
const followDrafts = ({ wrong }: Pick<Place, 'wrong'>) => {
  let drafts: readonly PlannedDraft[] = [];
  /** What two of them would be called is wrong at `pointer`. */
  const checkNames = (given: readonly PlannedDraft[], others: readonly PlannedDraft[], pointer: string) => {
    const seen = new Set(others.map(({ name }) => name));
    for (const { name } of given) {
      if (seen.has(name))
        wrong.add(pointer, `is ${quoted(name)} a second time: every artifact needs a name of its own`);
      wrong.attempt(pointer, name, () => artifactNameOf(name));
      seen.add(name);
    }
  };
  return {
    names: (): readonly string[] => drafts.map(({ name }) => name),
    next: (timed: Timed, takes: readonly string[], pointer: string): PostProcessorSpec => {
      const taken = drafts.filter(({ name }) => takes.includes(name));
      const others = drafts.filter((draft) => !taken.includes(draft));
      const given = givesOf(timed, taken);
      checkNames(given, others, pointer);
      drafts = [...others, ...given];
      const written = given.filter((draft) => !taken.includes(draft));
      return { ...timed, takes, newMb: written.reduce((sum, { mostMb }) => sum + mostMb, 0) };
    },
  };
};

type Named = NonNullable<Template['post_processors']>[number];

/** The names of the artifacts that it takes, of those that there are by then. */
const takenBy = (
  { artifact }: Named,
  names: readonly string[],
  { pointer, fields, wrong }: Place,
): readonly string[] => {
  if (artifact === undefined) {
    if (names.length === 0) wrong.add(pointer, 'has nothing to work on: there is no artifact by then');
    return names;
  }
  const name = fields.early(`${pointer}/artifact`, artifact);
  if (name !== undefined && !names.includes(name))
    wrong.add(
      `${pointer}/artifact`,
      `is ${quoted(name)}, and there is no such artifact by then: ${didYouMean(name, names)}`,
    );
  return name === undefined ? [] : [name];
};

/** What is published, and what is made of it before, in order. */
export const resolvePostProcessors = (
  template: Template,
  facts: Omit<Place, 'pointer'>,
): readonly PostProcessorSpec[] => {
  const { fields, wrong } = facts;
  const asked = template.artifacts ?? (facts.diskMb.length > 0 ? [{}] : []);
  const drafts = followDrafts(facts);
  const exports = asked.map((one, index) => {
    const pointer = `/artifacts/${index}`;
    const settings = exporting.resolve(one, { ...facts, pointer });
    const timed = { type: 'export', settings, name: `export-${settings.name}`, timeoutMs: exportTimeoutMs } as const;
    return drafts.next(timed, [], `${pointer}/name`);
  });
  const made: PostProcessorSpec[] = [];
  for (const [index, one] of template.post_processors.entries()) {
    const place = { ...facts, pointer: `/post_processors/${index}` };
    const { pointer } = place;
    const timed = {
      ...resolveSettings(one, place),
      name: one.name ?? `${one.type}-${index + 1}`,
      timeoutMs: fields.made(`${pointer}/timeout`, one.timeout, 1, (time) => durationOf(time)),
    };
    made.push(drafts.next(timed, takenBy(one, drafts.names(), place), pointer));
    // Each may double what there is.
    if (drafts.names().length <= bounds.publishedFiles) continue;
    wrong.add(pointer, `makes more than ${bounds.publishedFiles} artifacts of what there is`);
    break;
  }
  return [...exports, ...made];
};
