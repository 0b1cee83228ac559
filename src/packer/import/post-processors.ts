import { bounds } from '../../base/bounds.ts';
import { didYouMean, quoted } from '../../base/text/nearest.ts';
import { isObject, judgeKeys, makeKeys, type ImportKeys, type KeyReading, type Rules } from './keys.ts';
import { translated, type MadePostProcessors, type TranslateFacts } from './translated-post-processors.ts';
import { isFor, judgeSelection } from './selection.ts';
import type { ImportDraft } from './draft.ts';
import { commonRules as common, madeKinds } from './post-processor-kinds.ts';

const kinds = {
  checksum: { ...common, checksum_types: 'read', output: 'read' },
  compress: { ...common, compression_level: 'read', format: 'read', output: 'read' },
  manifest: {
    ...common,
    output: 'read',
    custom_data: 'read',
    strip_path: { idle: 'artifacts have names, and no folders' },
    strip_time: { idle: 'the file is called as its "output" says' },
  },
  vagrant: madeKinds.vagrant.rules,
  artifice: madeKinds.artifice.rules,
  'googlecompute-export': madeKinds['googlecompute-export'].rules,
  'shell-local': madeKinds['shell-local'].rules,
} as const satisfies Record<string, Rules>;

type Kind = keyof typeof kinds;

const isKind = (type: string): type is Kind => Object.hasOwn(kinds, type);

// Packer's own beside those above, and those of the plugins that its site lists.
const absent = [
  ...['upload', 'provenance', 'docker-import', 'docker-push', 'docker-save', 'docker-tag', 'amazon-ami-management'],
  ...['googlecompute-import', 'vsphere', 'vsphere-template', 'alicloud-import'],
  ...['digitalocean-import', 'exoscale-import', 'ucloud-import', 'upcloud-import', 'yandex-export', 'yandex-import'],
];

// What imaged has a kind of its own for: Packer takes its credentials from the environment of its caller.
const own: Readonly<Record<string, string>> = {
  'amazon-import': 'amazon-import',
  'vagrant-cloud': 'vagrant-registry',
  'vagrant-registry': 'vagrant-registry',
};

/** What becomes of one that is not translated. */
const leftOut = (type: string): string =>
  own[type] === undefined
    ? `is ${quoted(type)}, which is not made here: the image itself is the artifact`
    : `is ${quoted(type)}, which is not translated: write imaged's own ${quoted(own[type])}, with its credentials in sensitive variables; the image itself is the artifact`;

// Those that always keep what they take (packer, post-processor/checksum, /manifest and /shell-local).
const keepers = ['checksum', 'manifest', 'shell-local'];

/** A chain of post-processors, which begins with what the builder gives. */
export type Chain = readonly ImportKeys[];

const listOne = (
  given: unknown,
  pointer: string,
  names: readonly string[],
  reading: KeyReading,
): ImportKeys | undefined => {
  const { wrong, notes } = reading;
  const object = typeof given === 'string' ? { type: given } : given;
  if (!isObject(object)) {
    wrong.add(pointer, 'must be the type of a post-processor, an object with a "type", or a list of those');
    return undefined;
  }
  const { type } = object;
  const at = typeof given === 'string' ? pointer : `${pointer}/type`;
  const types = [...Object.keys(kinds), ...Object.keys(own), ...absent];
  if (typeof type !== 'string') wrong.add(pointer, 'has no "type"');
  else if (!types.includes(type))
    wrong.add(at, `is ${quoted(type)}, and there is no such post-processor: ${didYouMean(type, types)}`);
  else {
    const keys = makeKeys([{ object, pointer }], reading);
    if (isKind(type)) judgeKeys(keys, kinds[type], `the post-processor ${quoted(type)}`, reading);
    else notes.add(at, leftOut(type));
    judgeSelection(keys, names, wrong);
    return keys;
  }
  return undefined;
};

/** The chains of a template: a post-processor alone is a chain of one. */
export const listChains = (given: unknown, names: readonly string[], reading: KeyReading): readonly Chain[] => {
  const at = '/post-processors';
  if (given === undefined || given === null) return [];
  if (!Array.isArray(given)) {
    reading.wrong.add(at, 'must be a list');
    return [];
  }
  if (given.flat().length > bounds.postProcessors * 2)
    reading.wrong.add(at, `has more than ${bounds.postProcessors} entries`);
  return given.slice(0, bounds.postProcessors * 2).map((entry: unknown, index): Chain => {
    const pointer = `${at}/${index}`;
    if (!Array.isArray(entry)) return [listOne(entry, pointer, names, reading)].filter((keys) => keys !== undefined);
    return entry
      .slice(0, bounds.postProcessors)
      .map((one: unknown, place) => listOne(one, `${pointer}/${place}`, names, reading))
      .filter((keys) => keys !== undefined);
  });
};

type Step = { readonly keys: ImportKeys; readonly type: Kind; readonly isKept: boolean };

/** A chain as it is for one builder: what is made here of it, and whether the builder's own disks outlive it. */
type Work = { readonly steps: readonly Step[]; readonly keepsDisks: boolean };

const keepsInput = (keys: ImportKeys): boolean =>
  keepers.includes(keys.text('type') ?? '') || keys.flag('keep_input_artifact');

/** The steps of a chain that are for this builder: each takes what the one before among them gave (packer/core.go, hcl2template). */
const workOf = (chain: Chain, builder: string): Work | undefined => {
  const mine = chain.filter((keys) => isFor(keys, builder));
  const [first] = mine;
  if (first === undefined) return undefined;
  const steps = mine.flatMap((keys) => {
    const type = keys.text('type') ?? '';
    return isKind(type) ? [{ keys, type, isKept: keepsInput(keys) }] : [];
  });
  // What is not made here leaves the disks as the artifact.
  return { steps, keepsDisks: steps.length === 0 || keepsInput(first) };
};

const isMade = (type: Kind): type is keyof typeof madeKinds => Object.hasOwn(madeKinds, type);

/** The names of the artifacts that there are by then; undefined: not known. */
type Names = readonly string[] | undefined;

type MadeOf = { readonly made: readonly MadePostProcessors[]; readonly names: Names };

const madeByKind = (
  { keys, type }: Step & { readonly type: keyof typeof madeKinds },
  names: Names,
  keeps: boolean,
  { builder, output, reading }: TranslateFacts,
): MadeOf => {
  const { made, names: after } = madeKinds[type].make(keys, {
    raw: builder.name,
    type: builder.type,
    names,
    output,
    reading,
  });
  const [only, ...others] = names ?? [];
  const isOfOne = only !== undefined && others.length === 0 && made.every(({ key }) => key !== 'artifact');
  const isKept = keeps && !keepers.includes(type);
  const put = [
    ...made,
    ...(isOfOne ? [{ key: 'artifact', value: only, from: keys.pointer }] : []),
    ...(isKept ? [{ key: 'keep_input_artifact', value: true, from: keys.pointer }] : []),
  ];
  return {
    made: [Object.fromEntries(put.map(({ key, value, from }) => [key, { value, from }]))],
    // What is kept is published, and the next takes what this one made (packer/build.go).
    names: after,
  };
};

/** What stands in the place of a step, and the artifacts that there are afterwards. */
const madeOf = (step: Step, names: Names, keeps: boolean, facts: TranslateFacts): MadeOf => {
  const { keys, type } = step;
  if (isMade(type)) return madeByKind({ ...step, type }, names, keeps, facts);
  if (names !== undefined) return translated[type](keys, names, keeps, facts);
  // What is not known by name is taken as a whole.
  const { made } = translated[type](keys, [''], keeps, facts);
  return {
    made: made.map((one) => Object.fromEntries(Object.entries(one).filter(([key]) => key !== 'artifact'))),
    names: undefined,
  };
};

/**
 * The post-processors that are for this builder. Each chain begins with what the builder gives, which is published where the
 * first of some chain keeps it, or where there is none (packer/build.go). Several chains are sequences.
 */
export const putPostProcessors = (
  all: readonly Chain[],
  target: {
    readonly raw: string;
    readonly type: string;
    readonly draft: ImportDraft;
    readonly artifacts: readonly string[];
    /** The folder that the builder names for them; undefined: Packer's own. */
    readonly output: string | undefined;
  },
  reading: KeyReading,
): void => {
  const { raw, type: builderType, draft, artifacts, output = `output-${raw}` } = target;
  const works = all.map((chain) => workOf(chain, raw)).filter((work) => work !== undefined);
  const isKept = works.some(({ keepsDisks }) => keepsDisks);
  const chains = works.map(({ steps }) => steps).filter((steps) => steps.length > 0);
  const facts = { builder: { name: raw, type: builderType }, output, manifests: 0, reading };
  for (const [at, steps] of chains.entries()) {
    let names: Names = artifacts;
    let index = 0;
    for (const [place, step] of steps.entries()) {
      const given = madeOf(step, names, place === 0 ? isKept : step.isKept, facts);
      for (const values of given.made) {
        const path = chains.length > 1 ? ['post_processors', at, index] : ['post_processors', index];
        draft.put(path, {}, step.keys.pointer);
        for (const [key, { value, from }] of Object.entries(values)) draft.put([...path, key], value, from);
        index += 1;
      }
      ({ names } = given);
    }
  }
};
