import { counted } from '../../../base/text/counted.ts';
import { didYouMean, quoted } from '../../../base/text/nearest.ts';
import { HclError, type Problems } from '../hcl-error.ts';
import type { HclBlock, HclBody } from '../syntax/ast.ts';

/** The blocks of a file, and how many labels each takes. */
const labelCounts = {
  packer: 0,
  variables: 0,
  variable: 1,
  locals: 0,
  local: 1,
  source: 2,
  build: 0,
} as const;

type BlockType = keyof typeof labelCounts;

/** The blocks of all files, by their type, each in the order of the files. */
export type TopLevel = Readonly<Record<BlockType, readonly HclBlock[]>>;

const isKnown = (type: string): type is BlockType => Object.hasOwn(labelCounts, type);

const unsupported: Readonly<Record<string, string>> = {
  data: 'data sources are not there: imaged asks no other service for a template; send what it would say as the value of a variable',
  hcp_packer_registry: 'imaged publishes to no registry of HCP: take the block out',
  builders: "builders are of Packer's older JSON: call the file template.json",
};

/** Throws for a block that is of no type that is known, and for labels that are too many or too few. */
const judge = ({ type, at, labels }: HclBlock): BlockType => {
  const why = Object.hasOwn(unsupported, type) ? unsupported[type] : undefined;
  if (why !== undefined) throw new HclError(at, why);
  if (!isKnown(type))
    throw new HclError(at, `there is no block ${quoted(type)}: ${didYouMean(type, Object.keys(labelCounts))}`);
  const count = labelCounts[type];
  if (labels.length !== count)
    throw new HclError(labels[count]?.at ?? at, `${type} takes ${count === 0 ? 'no label' : counted(count, 'label')}, and ${labels.length} ${labels.length === 1 ? 'is' : 'are'} given`); // prettier-ignore
  return type;
};

/** Sorts the blocks of all files. What is wrong with one is added to the problems. */
export const sortBlocks = (bodies: readonly HclBody[], problems: Problems): TopLevel => {
  const found: Record<BlockType, HclBlock[]> = {
    packer: [],
    variables: [],
    variable: [],
    locals: [],
    local: [],
    source: [],
    build: [],
  };
  for (const { attributes, blocks } of bodies) {
    for (const { name, at } of attributes)
      problems.add(new HclError(at, `${quoted(name)} is set outside of any block: a local value stands in locals { }`));
    for (const block of blocks) {
      const type = problems.attempt(() => judge(block));
      if (type !== undefined) found[type].push(block);
    }
  }
  return found;
};
