import { bounds } from '../../base/bounds.ts';
import { didYouMean, quoted } from '../../base/text/nearest.ts';
import { durationOf } from '../../base/units.ts';
import { exporting } from '../../post-processors/export.ts';
import type { PostProcessorPlace, PlannedDraft } from '../../post-processors/kind.ts';
import { resolveSettings, type PostProcessorSpec } from '../../post-processors/table.ts';
import { sequencesOf, type PlacedPostProcessor } from '../document/post-processors.ts';
import type { Template } from '../document/template.ts';
import { followDrafts } from './follow-drafts.ts';

// A disk of hundreds of gigabytes is written in this time.
const exportTimeoutMs = 2 * 3_600_000;

/** The names of the artifacts that it takes, of those that there are by then. */
const takenBy = (
  { artifact }: PlacedPostProcessor['asked'],
  names: readonly string[],
  { pointer, fields, wrong }: PostProcessorPlace,
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

type Facts = Omit<PostProcessorPlace, 'pointer'>;

const resolveExports = (template: Template, facts: Facts) => {
  const asked = template.artifacts ?? (facts.diskMb.length > 0 ? [{}] : []);
  const follow = followDrafts(facts);
  const exports = asked.map((one, index) => {
    const pointer = `/artifacts/${index}`;
    const settings = exporting.resolve(one, { ...facts, pointer });
    const timed = { type: 'export', settings, name: `export-${settings.name}`, timeoutMs: exportTimeoutMs } as const;
    return follow.next(timed, [], `${pointer}/name`);
  });
  return { exports, exported: follow.drafts() };
};

/** What sequences know of those before them. */
type Before = {
  readonly exported: readonly PlannedDraft[];
  /** How many post-processors there are in them. */
  readonly count: number;
  /** Names that no other sequence may give; empty where there is one sequence alone. */
  readonly reserved: ReadonlySet<string>;
  readonly sequence: number;
};

const resolveSequence = async (placed: readonly PlacedPostProcessor[], facts: Facts, before: Before) => {
  const { fields, wrong } = facts;
  const { exported, reserved, sequence } = before;
  const follow = followDrafts(facts, exported, reserved);
  const made: PostProcessorSpec[] = [];
  const names = new Set<string>();
  for (const [index, { asked, pointer }] of placed.entries()) {
    const place = { ...facts, pointer };
    const timed = {
      ...(await resolveSettings(asked, place)),
      name: asked.name ?? `${asked.type}-${before.count + index + 1}`,
      timeoutMs: fields.made(`${pointer}/timeout`, asked.timeout, 1, (time) => durationOf(time)),
    };
    const takes = takenBy(asked, follow.names(), place);
    const shares = reserved.size === 0 ? [] : takes.filter((name) => exported.some((draft) => draft.name === name));
    const next = follow.next(timed, takes, pointer);
    made.push({ ...next, sequence, ...(shares.length === 0 ? {} : { shares }) });
    for (const name of follow.names()) names.add(name);
    // Each may double what there is.
    if (follow.names().length <= bounds.publishedFiles) continue;
    wrong.add(pointer, `makes more than ${bounds.publishedFiles} artifacts of what there is`);
    break;
  }
  return { made, names };
};

/** What is published, and what is made of it before: exports first, then sequence after sequence. */
export const resolvePostProcessors = async (
  template: Template,
  facts: Facts,
): Promise<readonly PostProcessorSpec[]> => {
  const { exports, exported } = resolveExports(template, facts);
  const sequences = sequencesOf(template.post_processors);
  const all: PostProcessorSpec[] = [...exports];
  // What one of several gives has a name that no other and no export has: all of it may be published.
  const reserved = new Set(sequences.length > 1 ? exported.map(({ name }) => name) : []);
  for (const [at, placed] of sequences.entries()) {
    const count = all.length - exports.length;
    const { made, names } = await resolveSequence(placed, facts, { exported, count, reserved, sequence: at + 1 });
    all.push(...made);
    if (sequences.length > 1) for (const name of names) reserved.add(name);
    if (reserved.size <= bounds.publishedFiles) continue;
    const [first] = placed;
    facts.wrong.add(first?.pointer ?? '', `makes more than ${bounds.publishedFiles} artifacts with what there is`);
    break;
  }
  return all;
};
