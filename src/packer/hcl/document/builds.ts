import { didYouMean, quoted } from '../../../base/text/nearest.ts';
import { evaluate } from '../evaluate/evaluate.ts';
import { within, type HclScope } from '../evaluate/scope.ts';
import { HclError, type Problems } from '../hcl-error.ts';
import type { HclBlock } from '../syntax/ast.ts';
import { toText } from '../values/convert.ts';
import { expandBlocks, type ScopedBlock } from './dynamic.ts';
import type { HclSources } from './sources.ts';
import { usesOf, type Use } from './uses.ts';

/** A build, with its sources and its blocks, before any of them is worked out. */
export type BuildBlock = {
  readonly block: HclBlock;
  readonly name: string;
  readonly uses: readonly Use[];
  readonly provisioners: readonly ScopedBlock[];
  readonly cleanup: ScopedBlock | undefined;
  /** Chains of post-processors. */
  readonly chains: readonly (readonly ScopedBlock[])[];
};

const attributes = ['name', 'description', 'sources'];
const blockTypes = ['source', 'provisioner', 'error-cleanup-provisioner', 'post-processor', 'post-processors'];

const judge = ({ block }: ScopedBlock): void => {
  const { type, at, labels } = block;
  if (type === 'hcp_packer_registry')
    throw new HclError(at, 'imaged publishes to no registry of HCP: take the block out');
  if (!blockTypes.includes(type))
    throw new HclError(at, `there is no block ${quoted(type)} in a build: ${didYouMean(type, [...blockTypes, 'dynamic'])}`); // prettier-ignore
  if (type === 'post-processors' && labels[0] !== undefined)
    throw new HclError(labels[0].at, 'post-processors takes no label: it holds post-processor blocks');
};

const chainOf = (one: ScopedBlock, scope: HclScope): readonly ScopedBlock[] => {
  if (one.block.type === 'post-processor') return [one];
  const { body } = one.block;
  const [attribute] = body.attributes;
  if (attribute !== undefined) throw new HclError(attribute.at, 'post-processors holds post-processor blocks alone');
  return expandBlocks(body.blocks, within(scope, one.names)).map(({ block, names }) => {
    if (block.type !== 'post-processor')
      throw new HclError(block.at, `post-processors holds post-processor blocks alone, and no ${quoted(block.type)}`);
    return { block, names: { ...one.names, ...names } };
  });
};

const nameOf = (block: HclBlock, scope: HclScope): string => {
  const found = block.body.attributes.find(({ name }) => name === 'name');
  return found === undefined ? '' : toText(evaluate(found.value, scope), found.value.at);
};

/** Reads a build block. What is wrong within is added to the problems. */
export const readBuild = (block: HclBlock, sources: HclSources, scope: HclScope, problems: Problems): BuildBlock => {
  for (const { name, at } of block.body.attributes)
    if (!attributes.includes(name))
      problems.add(new HclError(at, `${quoted(name)} is no attribute of a build: ${didYouMean(name, attributes)}`));
  const expanded = problems.attempt(() => expandBlocks(block.body.blocks, scope)) ?? [];
  const blocks = expanded.filter((one) => problems.attempt(() => (judge(one), true)) === true);
  const ofType = (type: string) => blocks.filter((one) => one.block.type === type);
  const [cleanup, second] = ofType('error-cleanup-provisioner');
  if (second !== undefined)
    problems.add(new HclError(second.block.at, 'a build has one error-cleanup-provisioner, and this is another'));
  return {
    block,
    name: problems.attempt(() => nameOf(block, scope)) ?? '',
    uses: usesOf(block, blocks, sources, scope, problems),
    provisioners: ofType('provisioner'),
    cleanup,
    chains: blocks
      .filter((one) => one.block.type.startsWith('post-processor'))
      .flatMap((one) => {
        const chain = problems.attempt(() => chainOf(one, scope));
        return chain === undefined ? [] : [chain];
      }),
  };
};
