import { quoted } from '../../../base/text/nearest.ts';
import { evaluate } from '../evaluate/evaluate.ts';
import { within, type HclScope } from '../evaluate/scope.ts';
import { HclError, type Problems } from '../hcl-error.ts';
import type { At } from '../source.ts';
import type { HclBlock } from '../syntax/ast.ts';
import { toElements, toText } from '../values/convert.ts';
import { objectOf, type Value } from '../values/value.ts';
import type { ScopedBlock } from './dynamic.ts';
import { sourceNamed, sourcesNamespace, type HclSources } from './sources.ts';

/** A source that a build names: where it becomes a builder. */
export type Use = {
  readonly at: At;
  readonly source: HclBlock;
  readonly type: string;
  /** `source.name`: that of the source, or the one that the build's own source block gives it. */
  readonly name: string;
  /** What the build adds to the source. */
  readonly added: ScopedBlock | undefined;
};

/** What `source` is in what a build does with one of its sources, and in that source. */
export const sourceOf = ({ name, type }: Use): Value => objectOf([['name', name], ['type', type]]); // prettier-ignore

/** What only and except call it. */
export const referenceOf = ({ type, name }: Use): string => `${type}.${name}`;

const listed = (build: HclBlock, sources: HclSources, scope: HclScope): readonly Use[] => {
  const attribute = build.body.attributes.find(({ name }) => name === 'sources');
  if (attribute === undefined) return [];
  const { value } = attribute;
  const names = toElements(evaluate(value, within(scope, { source: sourcesNamespace(sources) })), value.at);
  return names.map((one, index) => {
    const at = value.kind === 'list' ? (value.items[index]?.at ?? value.at) : value.at;
    const { block } = sourceNamed(toText(one, at), at, sources, scope.world.budget);
    const [type = '', name = ''] = block.labels.map(({ text }) => text);
    return { at, source: block, type, name, added: undefined };
  });
};

const added = (one: ScopedBlock, sources: HclSources, scope: HclScope): Use => {
  const { at, labels, body } = one.block;
  const [label] = labels;
  if (label === undefined || labels.length > 1)
    throw new HclError(at, 'a source within a build takes one label, as in source "source.qemu.name"');
  const { block: source } = sourceNamed(label.text, label.at, sources, scope.world.budget);
  const own = body.attributes.find(({ name }) => name === 'name');
  const twice = body.attributes.find(({ name }) => source.body.attributes.some((other) => other.name === name));
  if (twice !== undefined)
    throw new HclError(twice.at, `${quoted(twice.name)} is set by the source already: a build adds to a source, and changes nothing of it`); // prettier-ignore
  const [type = '', name = ''] = source.labels.map(({ text }) => text);
  const given = own === undefined ? name : toText(evaluate(own.value, within(scope, one.names)), own.value.at);
  return { at, source, type, name: given, added: one };
};

/** The sources of a build, in order. What is wrong with one is added to the problems. */
export const usesOf = (
  build: HclBlock,
  blocks: readonly ScopedBlock[],
  sources: HclSources,
  scope: HclScope,
  problems: Problems,
): readonly Use[] => {
  const inBlocks = blocks.filter(({ block }) => block.type === 'source');
  const isNamed = inBlocks.length > 0 || build.body.attributes.some(({ name }) => name === 'sources');
  const uses = [
    ...(problems.attempt(() => listed(build, sources, scope)) ?? []),
    ...inBlocks.flatMap((one) => problems.attempt(() => added(one, sources, scope)) ?? []),
  ];
  if (!isNamed)
    problems.add(new HclError(build.at, 'a build names at least one source: sources = ["source.TYPE.NAME"]'));
  return uses;
};
