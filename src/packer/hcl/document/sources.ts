import { didYouMean, quoted } from '../../../base/text/nearest.ts';
import type { Namespace } from '../evaluate/scope.ts';
import { HclError, type Problems } from '../hcl-error.ts';
import type { At } from '../source.ts';
import type { HclBlock } from '../syntax/ast.ts';
import type { Budget } from '../values/budget.ts';
import { objectOf, type Value } from '../values/value.ts';

/** The sources of all files by their reference, `type.name`. */
export type HclSources = ReadonlyMap<string, HclBlock>;

export const declareSources = (blocks: readonly HclBlock[], problems: Problems): HclSources => {
  const found = new Map<string, HclBlock>();
  for (const block of blocks) {
    const reference = block.labels.map(({ text }) => text).join('.');
    const wrong = block.labels.find(({ text }) => !/^[\p{ID_Start}_][\p{ID_Continue}-]*$/u.test(text));
    if (wrong !== undefined)
      problems.add(new HclError(wrong.at, `${quoted(wrong.text)} is no name: it begins with a letter, and has letters, digits, "_" and "-"`)); // prettier-ignore
    else if (found.has(reference)) problems.add(new HclError(block.at, `the source ${reference} is declared already`));
    else found.set(reference, block);
  }
  return found;
};

/** What `source.type.name` comes to in the list of a build's sources: the reference. */
export const sourcesNamespace = (sources: HclSources): Namespace => {
  const byType = new Map<string, [string, Value][]>();
  for (const [reference, { labels }] of sources) {
    const [type = '', name = ''] = labels.map(({ text }) => text);
    const others = byType.get(type) ?? [];
    byType.set(type, others);
    others.push([name, reference]);
  }
  return {
    names: () => [...byType.keys()],
    find: (type) => {
      const names = byType.get(type);
      return names === undefined ? undefined : objectOf(names);
    },
  };
};

/**
 * The source that a text names: `type.name`, or with a word before it, `source`, `sources` or any other (Packer,
 * hcl2template/types.build.from.go). Throws an HclError.
 */
export const sourceNamed = (
  text: string,
  at: At,
  sources: HclSources,
  budget: Budget,
): { reference: string; block: HclBlock } => {
  const parts = text.split('.');
  const reference = (parts.length > 2 ? parts.slice(1, 3) : parts).join('.');
  const block = sources.get(reference);
  if (block !== undefined) return { reference, block };
  // A template may ask for many that are not there, and each is compared with all that are.
  budget.step(at, sources.size);
  throw new HclError(at, `there is no source ${quoted(reference)}: ${didYouMean(reference, [...sources.keys()])}`);
};
