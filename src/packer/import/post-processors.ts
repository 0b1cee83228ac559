import { bounds } from '../../base/bounds.ts';
import { didYouMean, quoted } from '../../base/nearest.ts';
import { isObject, judgeKeys, makeKeys, type Keys, type Reading, type Rules } from './keys.ts';
import type { Made } from './provisioners/kinds.ts';
import { isFor, judgeSelection } from './selection.ts';
import type { Draft } from './draft.ts';
import { commonRules as common, madeKinds } from './post-processor-kinds.ts';

const file = { idle: 'the file is called after its artifact' } as const;

const kinds = {
  checksum: { ...common, checksum_types: 'read', output: file },
  compress: { ...common, compression_level: 'read', format: 'read', output: 'read' },
  vagrant: madeKinds.vagrant.rules,
  artifice: madeKinds.artifice.rules,
  'googlecompute-export': madeKinds['googlecompute-export'].rules,
  'shell-local': madeKinds['shell-local'].rules,
} as const satisfies Record<string, Rules>;

type Kind = keyof typeof kinds;

const isKind = (type: string): type is Kind => Object.hasOwn(kinds, type);

// Packer's own beside those above, and those of the plugins that its site lists.
const absent = [
  ...['manifest', 'vagrant-cloud', 'vagrant-registry', 'upload', 'provenance'],
  ...['docker-import', 'docker-push', 'docker-save', 'docker-tag', 'amazon-import', 'amazon-ami-management'],
  ...['googlecompute-import', 'vsphere', 'vsphere-template', 'alicloud-import'],
  ...['digitalocean-import', 'exoscale-import', 'ucloud-import', 'upcloud-import', 'yandex-export', 'yandex-import'],
];

// Those that always keep what they take (packer, post-processor/checksum, /manifest and /shell-local).
const keepers = ['checksum', 'manifest', 'shell-local'];

/** A chain of post-processors, which begins with what the builder gives. */
export type Chain = readonly Keys[];

const listOne = (given: unknown, pointer: string, names: readonly string[], reading: Reading): Keys | undefined => {
  const { wrong, notes } = reading;
  const object = typeof given === 'string' ? { type: given } : given;
  if (!isObject(object)) {
    wrong.add(pointer, 'must be the type of a post-processor, an object with a "type", or a list of those');
    return undefined;
  }
  const { type } = object;
  const at = typeof given === 'string' ? pointer : `${pointer}/type`;
  const types = [...Object.keys(kinds), ...absent];
  if (typeof type !== 'string') wrong.add(pointer, 'has no "type"');
  else if (!types.includes(type))
    wrong.add(at, `is ${quoted(type)}, and there is no such post-processor: ${didYouMean(type, types)}`);
  else {
    const keys = makeKeys([{ object, pointer }], reading);
    if (isKind(type)) judgeKeys(keys, kinds[type], `the post-processor ${quoted(type)}`, reading);
    else notes.add(at, `is ${quoted(type)}, which is not made here: the image itself is the artifact`);
    judgeSelection(keys, names, wrong);
    return keys;
  }
  return undefined;
};

/** The chains of a template: a post-processor alone is a chain of one. */
export const listChains = (given: unknown, names: readonly string[], reading: Reading): readonly Chain[] => {
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

const digests = ['sha256', 'sha512'];

/** The digests that are there; Packer's default is MD5. */
const typesOf = (keys: Keys, { wrong, notes }: Reading): readonly string[] => {
  const asked = keys.list('checksum_types') ?? [{ text: 'md5', at: keys.pointer }];
  const found: string[] = [];
  for (const { text, at } of asked) {
    if (digests.includes(text)) found.push(text);
    else if (['md5', 'sha1', 'sha224', 'sha384'].includes(text))
      notes.add(at, `asks for ${text}, which is not made: SHA-256 is, in its place`);
    else wrong.add(at, `is ${quoted(text)}, and no digest: there is ${digests.join(', ')}`);
  }
  return found.length === asked.length ? [...new Set(found)] : [...new Set(['sha256', ...found])];
};

type Step = { readonly keys: Keys; readonly type: Kind };

/** A chain as it is for one builder: what is made here of it, and whether the builder's own disks outlive it. */
type Work = { readonly steps: readonly Step[]; readonly keepsDisks: boolean };

const keepsInput = (keys: Keys): boolean =>
  keepers.includes(keys.text('type') ?? '') || keys.flag('keep_input_artifact');

/** The part of a chain that is for this builder: what one step leaves out, the rest of the chain has not. */
const workOf = (chain: Chain, builder: string): Work | undefined => {
  const end = chain.findIndex((keys) => !isFor(keys, builder));
  const mine = chain.slice(0, end === -1 ? undefined : end);
  const [first] = mine;
  if (first === undefined) return undefined;
  const steps = mine.flatMap((keys) => {
    const type = keys.text('type') ?? '';
    return isKind(type) ? [{ keys, type }] : [];
  });
  // What is not made here leaves the disks as the artifact.
  return { steps, keepsDisks: steps.length === 0 || keepsInput(first) };
};

/** The keys of checksum and compress, for one artifact. */
const perArtifact = ({ keys, type }: Step, artifact: string, reading: Reading): Made => {
  const { pointer } = keys;
  const head = [
    { key: 'type', value: type, from: pointer },
    { key: 'artifact', value: artifact, from: pointer },
  ];
  if (type === 'checksum') {
    const from = keys.raw('checksum_types') === undefined ? pointer : keys.at('checksum_types');
    return [
      ...head,
      { key: 'types', value: typesOf(keys, reading), from },
      { key: 'format', value: 'gnu', from: pointer },
    ];
  }
  const isZstd = (value: unknown) => value === undefined || (typeof value === 'string' && value.includes('zst'));
  for (const key of ['format', 'output'])
    if (!isZstd(keys.raw(key)))
      reading.notes.add(keys.at(key), 'is not taken: the file is compressed by zstd, as its name with ".zst"');
  const level = keys.whole('compression_level');
  return level !== undefined && level > 0
    ? [...head, { key: 'level', value: level, from: keys.at('compression_level') }]
    : head;
};

type Names = readonly string[] | undefined;

type Target = {
  readonly raw: string;
  readonly type: string;
  readonly draft: Draft;
  readonly artifacts: readonly string[];
};

const isMade = (type: Kind): type is keyof typeof madeKinds => Object.hasOwn(madeKinds, type);

/** What stands in the place of a step, and the artifacts that there are afterwards. */
const madeOf = (step: Step, names: Names, { raw, type }: Target, reading: Reading) => {
  const { keys } = step;
  if (isMade(step.type)) {
    const { made, names: after } = madeKinds[step.type].make(keys, { raw, type, names, reading });
    const [only, ...others] = names ?? [];
    const isNamed = made.some(({ key }) => key === 'artifact');
    const artifact = only === undefined || others.length > 0 || isNamed ? [] : [{ key: 'artifact', value: only, from: keys.pointer }]; // prettier-ignore
    const kept = keepsInput(keys) && step.type !== 'shell-local' && after !== undefined ? (names ?? []) : [];
    return { all: [[...made, ...artifact]], names: after === undefined ? undefined : [...kept, ...after] };
  }
  // What is not known by name is taken as a whole.
  const all = (names ?? ['']).map((name) => perArtifact(step, name, reading).filter(({ value }) => value !== ''));
  const compressed = step.type === 'compress' ? names?.map((name) => `${name}.zst`) : names;
  return { all, names: compressed };
};

/**
 * The post-processors that are for this builder, a sequence for each chain. Each begins with what the builder gives, which is
 * published where the first of some chain keeps it, or where there is none (packer/build.go).
 */
export const putPostProcessors = (all: readonly Chain[], target: Target, reading: Reading): void => {
  const { raw, draft, artifacts } = target;
  const works = all.map((chain) => workOf(chain, raw)).filter((work) => work !== undefined);
  // A chain of which nothing is made here leaves the disks; the others then may not take them away.
  const isLeft = works.some(({ steps, keepsDisks }) => steps.length === 0 && keepsDisks);
  const sequences = works.map(({ steps }) => steps).filter((steps) => steps.length > 0);
  for (const [at, steps] of sequences.entries()) {
    let names: Names = artifacts;
    let index = 0;
    for (const [place, step] of steps.entries()) {
      const made = madeOf(step, names, target, reading);
      names = made.names;
      for (const keysOf of made.all) {
        const path = ['post_processors', at, index++];
        draft.put(path, {}, step.keys.pointer);
        for (const { key, value, from } of keysOf) draft.put([...path, key], value, from);
        const keeps = keepsInput(step.keys) || (place === 0 && isLeft);
        if (keeps && !keepers.includes(step.type)) draft.put([...path, 'keep_input_artifact'], true, step.keys.pointer);
      }
    }
  }
};
