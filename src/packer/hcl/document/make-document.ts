import type { TurnPause } from '../../../base/turns.ts';
import type { HclScope } from '../evaluate/scope.ts';
import { HclError, type Problems } from '../hcl-error.ts';
import type { PlainValue } from '../values/plain.ts';
import { itemOf, renamed } from './build-items.ts';
import { builderOf } from './builders.ts';
import type { BuildBlock } from './builds.ts';
import { anyOfGlobs, type BuildChoice, type ChosenBuilds } from './choose.ts';
import type { ScopedBlock } from './dynamic.ts';
import { below, listOf, type Placed, type Places, type PlainObject } from './placed.ts';
import { useScope } from './roots.ts';
import { shareItems, type ForBuilder } from './shared-items.ts';

export type Document = PlainObject;

type Parts = {
  readonly chosen: readonly ChosenBuilds[];
  readonly scope: HclScope;
  readonly choice: BuildChoice;
  readonly problems: Problems;
  readonly pause: TurnPause;
};

/** What blocks that follow each other come to for each builder of their build, as the builders share it. */
const shared = async (
  build: BuildBlock,
  blocks: readonly ScopedBlock[],
  { chosen, scope, problems, pause }: Parts,
  change: (item: Placed) => Placed,
): Promise<readonly (readonly Placed[])[]> => {
  const each: ForBuilder[] = [];
  for (const one of chosen.filter((candidate) => candidate.build === build)) {
    await pause();
    const inner = useScope(scope, build.name, one.use);
    const parts = blocks.flatMap(
      (block) =>
        problems.attempt(() => {
          const item = itemOf(block, one.use, inner, problems);
          return item === undefined ? [] : [change(item)];
        }) ?? [],
    );
    each.push({ builder: one.builder, parts });
  }
  return shareItems(each, chosen.length);
};

/** The builders of a build by the names of their sources. */
const namesIn = (build: BuildBlock, chosen: readonly ChosenBuilds[]): ReadonlyMap<string, readonly string[]> => {
  const names = new Map<string, string[]>();
  for (const { builder, use } of chosen.filter((one) => one.build === build))
    names.set(use.name, [...(names.get(use.name) ?? []), builder]);
  return names;
};

const provisionersOf = async (builds: readonly BuildBlock[], parts: Parts): Promise<readonly Placed[]> => {
  const all: Placed[] = [];
  for (const build of builds) {
    const names = namesIn(build, parts.chosen);
    for (const block of build.provisioners)
      all.push(...(await shared(build, [block], parts, (item) => renamed(item, names))).flat());
  }
  return all;
};

const cleanupOf = async (builds: readonly BuildBlock[], parts: Parts): Promise<Placed | undefined> => {
  const all: Placed[] = [];
  for (const build of builds)
    if (build.cleanup !== undefined) {
      const names = namesIn(build, parts.chosen);
      all.push(...(await shared(build, [build.cleanup], parts, (item) => renamed(item, names))).flat());
    }
  const [first, second] = all;
  const at = second?.places[0]?.[1];
  if (at !== undefined)
    parts.problems.add(new HclError(at, 'the builders have different error-cleanup-provisioners, and a template has one: send their builds one by one, by "only"')); // prettier-ignore
  return first;
};

/** A post-processor that is left out takes the rest of its chain with it. */
const untilLeftOut = (chain: readonly Placed[], isLeftOut: (name: string) => boolean): readonly Placed[] => {
  const end = chain.findIndex(({ value: { name } }) => typeof name === 'string' && isLeftOut(name));
  return end === -1 ? chain : chain.slice(0, end);
};

/** Each chain as Packer's JSON has it: one post-processor as it is, several as a list. */
const chainsOf = async (builds: readonly BuildBlock[], parts: Parts): Promise<readonly Placed<PlainValue>[]> => {
  const all: Placed<PlainValue>[] = [];
  const isLeftOut = anyOfGlobs(parts.choice.except ?? []);
  for (const build of builds)
    for (const blocks of build.chains)
      for (const found of await shared(build, blocks, parts, (item) => item)) {
        const chain = untilLeftOut(found, isLeftOut);
        const [first, second] = chain;
        if (first !== undefined) all.push(second === undefined ? first : listOf(chain));
      }
  return all;
};

/** The template of JSON that says what the builds say, and where its parts stand in the files. */
export const makeDocument = async (
  builds: readonly BuildBlock[],
  parts: Parts,
): Promise<{ readonly document: Document; readonly places: Places }> => {
  const builders: Placed[] = [];
  for (const { use, builder } of parts.chosen) {
    await parts.pause();
    const made = parts.problems.attempt(() => builderOf(use, builder, parts.scope, parts.problems));
    if (made !== undefined) builders.push(made);
  }
  const provisioners = await provisionersOf(builds, parts);
  const cleanup = await cleanupOf(builds, parts);
  const chains = await chainsOf(builds, parts);
  const keys: readonly (readonly [string, Placed<PlainValue>])[] = [
    ['builders', listOf(builders)],
    ...(provisioners.length === 0 ? [] : [['provisioners', listOf(provisioners)] as const]),
    ...(cleanup === undefined ? [] : [['error-cleanup-provisioner', cleanup] as const]),
    ...(chains.length === 0 ? [] : [['post-processors', listOf(chains)] as const]),
  ];
  return {
    document: Object.fromEntries(keys.map(([key, { value }]) => [key, value])),
    places: keys.flatMap(([key, { places }]) => below(key, places)),
  };
};
