import { hclBounds } from '../../../base/bounds.ts';
import { compileGlob } from '../glob.ts';
import { HclError, refuseFiles, TooMuch } from '../hcl-error.ts';
import type { BuildBlock } from './builds.ts';
import { referenceOf, type Use } from './uses.ts';

/** A source of a build that is built, under the name that its builder has in the document. */
export type ChosenBuilds = { readonly build: BuildBlock; readonly use: Use; readonly builder: string };

/** What a request chooses by, as `-only` and `-except` of Packer do: globs for `type.name`, behind `NAME.` of a build that has a name. */
export type BuildChoice = { readonly only?: readonly string[]; readonly except?: readonly string[] };

/** Tells whether one of the globs matches a text. */
export const anyOfGlobs = (globs: readonly string[]): ((text: string) => boolean) => {
  const patterns = globs.map((glob) => {
    const pattern = compileGlob(glob);
    return 'why' in pattern ? refuseFiles(`${JSON.stringify(glob)} ${pattern.why}`) : pattern;
  });
  return (text) => patterns.some((pattern) => pattern.matches(text, { most: 1 }).length > 0);
};

const fullName = ({ name }: BuildBlock, use: Use): string => (name === '' ? '' : `${name}.`) + referenceOf(use);

// A JSON template needs names that differ: the shortest one of these that no other builder has.
const namesFor = ({ build, use }: Omit<ChosenBuilds, 'builder'>): readonly string[] => [
  use.name,
  referenceOf(use),
  fullName(build, use),
];

/** The builders of the document, in the order of the builds. Throws for two that cannot be told apart, and where none is left. */
export const chooseBuilders = (builds: readonly BuildBlock[], choice: BuildChoice): readonly ChosenBuilds[] => {
  const { only = [], except = [] } = choice;
  const all = builds.flatMap((build) => build.uses.map((use) => ({ build, use })));
  const [first] = all;
  if (first !== undefined && all.length > hclBounds.builders)
    throw new TooMuch(first.build.block.at, `the builds name ${all.length} sources: ${hclBounds.builders} is the most`);
  const [isWanted, isLeftOut] = [anyOfGlobs(only), anyOfGlobs(except)];
  const left = all.filter(({ build, use }) => {
    const name = fullName(build, use);
    return (only.length === 0 || isWanted(name)) && !isLeftOut(name);
  });
  if (first !== undefined && left.length === 0)
    return refuseFiles(`no source is left to build: there is ${all.map(({ build, use }) => fullName(build, use)).join(', ')}`); // prettier-ignore
  return left.map((one) => {
    const others = left.filter((other) => other !== one).map(namesFor);
    const level = namesFor(one).findIndex((name, at) => others.every((names) => names[at] !== name));
    const builder = namesFor(one)[level];
    if (builder === undefined)
      throw new HclError(one.use.at, `${fullName(one.build, one.use)} is built twice: give one of the builds a name, or the source within the build`); // prettier-ignore
    return { ...one, builder };
  });
};
