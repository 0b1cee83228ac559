import { hclBounds } from '../../../base/bounds.ts';
import { didYouMean, quoted } from '../../../base/text/nearest.ts';
import { evaluate } from '../evaluate/evaluate.ts';
import { entriesOf } from '../evaluate/loop.ts';
import { within, type HclScope } from '../evaluate/scope.ts';
import { HclError, TooMuch } from '../hcl-error.ts';
import type { HclBlock } from '../syntax/ast.ts';
import { toElements, toText } from '../values/convert.ts';
import { objectOf, type Value } from '../values/value.ts';

/** A block, and the names that a `dynamic` block around it has given its content. */
export type ScopedBlock = { readonly block: HclBlock; readonly names: Readonly<Record<string, Value>> };

const keys = ['for_each', 'iterator', 'labels'];

type Parts = {
  readonly type: string;
  readonly content: HclBlock;
  readonly attribute: (name: string) => HclBlock['body']['attributes'][number] | undefined;
};

const partsOf = ({ at, labels, body }: HclBlock): Parts => {
  const [label] = labels;
  const [content] = body.blocks;
  if (label === undefined || labels.length > 1)
    throw new HclError(at, 'a dynamic block takes one label: the type of the blocks that it makes');
  const unknown = body.attributes.find(({ name }) => !keys.includes(name));
  if (unknown !== undefined)
    throw new HclError(unknown.at, `${quoted(unknown.name)} is no attribute of a dynamic block: ${didYouMean(unknown.name, keys)}`); // prettier-ignore
  if (content?.type !== 'content' || body.blocks.length > 1)
    throw new HclError(body.blocks[1]?.at ?? at, 'a dynamic block has one block within: content');
  if (content.labels[0] !== undefined)
    throw new HclError(content.labels[0].at, 'content takes no labels: they are given by "labels" beside it');
  return { type: label.text, content, attribute: (name) => body.attributes.find((one) => one.name === name) };
};

const iteratorOf = ({ attribute, type }: Parts): string => {
  const given = attribute('iterator');
  if (given === undefined) return type;
  if (given.value.kind !== 'name') throw new HclError(given.value.at, 'an iterator is a name, without quotes');
  return given.value.name;
};

const expanded = (block: HclBlock, scope: HclScope): readonly ScopedBlock[] => {
  const parts = partsOf(block);
  const { type, content, attribute } = parts;
  const forEach = attribute('for_each');
  if (forEach === undefined) throw new HclError(block.at, 'a dynamic block needs "for_each"');
  const iterator = iteratorOf(parts);
  const entries = entriesOf(evaluate(forEach.value, scope), forEach.value.at);
  if (entries.length > hclBounds.dynamicBlocks)
    throw new TooMuch(forEach.at, `makes ${entries.length} blocks: ${hclBounds.dynamicBlocks} is the most`);
  return entries.map(({ key, value }) => {
    scope.world.budget.step(block.at, 10);
    const names = { [iterator]: objectOf([['key', key], ['value', value]]) }; // prettier-ignore
    const given = attribute('labels')?.value;
    const labels =
      given === undefined
        ? []
        : toElements(evaluate(given, within(scope, names)), given.at).map((one) => ({
            at: given.at,
            text: toText(one, given.at),
          }));
    return { block: { at: block.at, type, labels, body: content.body }, names };
  });
};

/** The blocks, with those that `dynamic` blocks make in their place. Throws an HclError. */
export const expandBlocks = (blocks: readonly HclBlock[], scope: HclScope): readonly ScopedBlock[] =>
  blocks.flatMap((block) => (block.type === 'dynamic' ? expanded(block, scope) : [{ block, names: {} }]));
