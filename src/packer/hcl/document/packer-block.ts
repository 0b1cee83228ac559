import { quoted } from '../../../base/text/nearest.ts';
import { evaluate } from '../evaluate/evaluate.ts';
import { scopeOf, type World } from '../evaluate/scope.ts';
import { HclError, type Problems } from '../hcl-error.ts';
import type { At } from '../source.ts';
import type { HclBlock } from '../syntax/ast.ts';
import { toText } from '../values/convert.ts';
import { packerVersion } from './roots.ts';

const constraint = /^\s*(=|!=|>=|<=|>|<|~>)?\s*v?(\d{1,6}(?:\.\d{1,6}){0,2})(?:-[\w.]+)?\s*$/;

const compare = (one: readonly number[], other: readonly number[]): number =>
  [0, 1, 2].map((at) => (one[at] ?? 0) - (other[at] ?? 0)).find((difference) => difference !== 0) ?? 0;

/** Whether the release whose rules are followed meets a constraint such as `~> 1.9`. Throws an HclError for none. */
const isMet = (text: string, at: At): boolean => {
  const [, operator = '=', version] = constraint.exec(text) ?? [];
  if (version === undefined)
    throw new HclError(at, `${quoted(text.trim())} is no version constraint, such as ">= 1.9.0"`);
  const [own, wanted] = [packerVersion, version].map((one) => one.split('.').map(Number));
  const far = compare(own ?? [], wanted ?? []);
  switch (operator) {
    case '=':
      return far === 0;
    case '!=':
      return far !== 0;
    case '>':
      return far > 0;
    case '<':
      return far < 0;
    case '>=':
      return far >= 0;
    case '<=':
      return far <= 0;
    default:
      // The last number that is written may be higher, the others may not.
      return far >= 0 && (wanted ?? []).slice(0, -1).every((number, index) => number === own?.[index]);
  }
};

const judgeVersion = (block: HclBlock, world: World): void => {
  const attribute = block.body.attributes.find(({ name }) => name === 'required_version');
  if (attribute === undefined) return;
  const { at } = attribute.value;
  const wanted = toText(evaluate(attribute.value, scopeOf(world, {})), at);
  if (!wanted.split(',').every((one) => isMet(one, at)))
    throw new HclError(at, `${quoted(wanted)} is asked for, and imaged follows the rules of Packer ${packerVersion}`);
};

/** Judges `packer` blocks. `note` is told of plugins: what they do is part of imaged, or not there. */
export const judgePacker = (
  blocks: readonly HclBlock[],
  world: World,
  problems: Problems,
  note: (at: At, message: string) => void,
): void => {
  for (const block of blocks) {
    problems.attempt(() => judgeVersion(block, world));
    for (const { name, at } of block.body.attributes)
      if (name !== 'required_version')
        problems.add(new HclError(at, `${quoted(name)} is nothing that a packer block has: required_version, required_plugins`)); // prettier-ignore
    for (const { type, at } of block.body.blocks)
      if (type === 'required_plugins')
        note(at, 'plugins are not installed: imaged has builders and provisioners of its own');
      else problems.add(new HclError(at, `there is no block ${quoted(type)} in packer: required_plugins`));
  }
};
