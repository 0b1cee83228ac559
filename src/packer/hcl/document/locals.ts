import { didYouMean, quoted } from '../../../base/text/nearest.ts';
import { evaluate } from '../evaluate/evaluate.ts';
import { scopeOf, type Namespace, type HclScope, type World } from '../evaluate/scope.ts';
import { HclError, type Problems } from '../hcl-error.ts';
import type { At } from '../source.ts';
import type { HclBlock, Expression } from '../syntax/ast.ts';
import { toBool } from '../values/convert.ts';
import type { Value } from '../values/value.ts';

export type Local = {
  readonly name: string;
  readonly at: At;
  readonly value: Expression;
  readonly isSensitive: boolean;
};

const keys = ['expression', 'sensitive'];

/** A local of a `local` block. Throws an HclError. */
const single = ({ at, labels, body }: HclBlock, world: World): Local => {
  const find = (name: string) => body.attributes.find((one) => one.name === name);
  const unknown = body.attributes.find(({ name }) => !keys.includes(name));
  if (unknown !== undefined)
    throw new HclError(unknown.at, `${quoted(unknown.name)} is nothing that a local has: ${didYouMean(unknown.name, keys)}`); // prettier-ignore
  const [expression, sensitive] = [find('expression'), find('sensitive')];
  if (expression === undefined) throw new HclError(at, 'a local block needs "expression"');
  if (body.blocks[0] !== undefined) throw new HclError(body.blocks[0].at, 'a local block has no blocks within');
  return {
    name: labels[0]?.text ?? '',
    at,
    value: expression.value,
    isSensitive: sensitive !== undefined && toBool(evaluate(sensitive.value, scopeOf(world, {})), sensitive.value.at),
  };
};

const several = ({ body }: HclBlock): readonly Local[] => {
  if (body.blocks[0] !== undefined) throw new HclError(body.blocks[0].at, 'locals holds "name = value" alone');
  return body.attributes.map(({ name, at, value }) => ({ name, at, value, isSensitive: false }));
};

/** All locals, by name. What is wrong with one is added to the problems. */
export const declareLocals = (
  blocks: { readonly local: readonly HclBlock[]; readonly locals: readonly HclBlock[] },
  world: World,
  problems: Problems,
): ReadonlyMap<string, Local> => {
  const found = new Map<string, Local>();
  const all = [
    ...blocks.locals.flatMap((block) => problems.attempt(() => several(block)) ?? []),
    ...blocks.local.flatMap((block) => problems.attempt(() => single(block, world)) ?? []),
  ];
  for (const local of all) {
    if (found.has(local.name)) problems.add(new HclError(local.at, `the local ${quoted(local.name)} is set already`));
    found.set(local.name, local);
  }
  return found;
};

/** Locals, each worked out when it is asked for and then kept: so they may stand in any order. */
export const localsNamespace = (locals: ReadonlyMap<string, Local>, scope: () => HclScope): Namespace => {
  const known = new Map<string, { readonly value: Value } | { readonly error: unknown }>();
  const underWay: string[] = [];
  const work = ({ name, value }: Local, at: At): Value => {
    if (underWay.includes(name)) {
      const circle = [...underWay.slice(underWay.indexOf(name)), name].map((one) => `local.${one}`).join(' -> ');
      throw new HclError(at, `a local needs itself: ${circle}`);
    }
    underWay.push(name);
    try {
      const found = evaluate(value, scope());
      known.set(name, { value: found });
      return found;
    } catch (error) {
      known.set(name, { error });
      throw error;
    } finally {
      underWay.pop();
    }
  };
  return {
    names: () => [...locals.keys()],
    find: (name, at) => {
      const local = locals.get(name);
      if (local === undefined) return undefined;
      const found = known.get(name);
      if (found === undefined) return work(local, at);
      if ('error' in found) throw found.error;
      return found.value;
    },
  };
};
