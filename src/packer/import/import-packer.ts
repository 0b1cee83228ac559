import { pointerTo } from '../../base/json/pointer.ts';
import { bounds } from '../../base/bounds.ts';
import { fieldErrors } from '../../base/field-errors.ts';
import { makeNotes } from '../../base/notes.ts';
import { didYouMean, quoted, unknownKeys } from '../../base/text/nearest.ts';
import type { TurnPause } from '../../base/turns.ts';
import type { Builder } from './builder.ts';
import { builderKinds, foreignBuilders } from './builders/table.ts';
import { makeDraft } from './draft.ts';
import { isObject, judgeKeys, makeKeys, type KeyLayer, type KeyReading } from './keys.ts';
import { listChains, putPostProcessors, type Chain } from './post-processors.ts';
import { listOne, listProvisioners, putCleanup, putProvisioners, type Listed } from './provisioners/translate.ts';
import { fillWith, putVariables, readVariables, type ImportedVariables } from './root/variables.ts';
import { judgeVersion } from './root/version.ts';
import type { Imported, ImportedMachine, ImportOptions } from './types.ts';

const rootKeys = [
  ...['min_packer_version', 'description', 'variables', 'sensitive-variables', 'builders', 'provisioners'],
  ...['error-cleanup-provisioner', 'post-processors', 'push'],
];

type Root = Readonly<Record<string, unknown>>;

/** A builder with its name as it is written, which `only`, `except` and `override` go by, and as it is filled in. */
type Named = KeyLayer & { readonly type: string; readonly raw: string; readonly name: string };

const isForeign = ({ type }: Named): boolean => foreignBuilders.includes(type);

const judgeRoot = (root: Root, { wrong, notes }: KeyReading): void => {
  const unknown = unknownKeys();
  for (const [key, value] of Object.entries(root)) {
    const at = pointerTo([key]);
    if (key.startsWith('_')) {
      if (typeof value !== 'string') wrong.add(at, 'is a comment, and must be a text');
    } else if (!rootKeys.includes(key))
      wrong.add(
        at,
        unknown(() => `is an unknown key of a Packer template: ${didYouMean(key, rootKeys)}`),
      );
  }
  if (root['push'] !== undefined) notes.add('/push', 'has no meaning any more, in Packer either');
  judgeVersion(root['min_packer_version'], { wrong, notes });
  const { description } = root;
  if (description !== undefined && description !== null && typeof description !== 'string')
    wrong.add('/description', 'must be a text');
};

const namedOne = (object: unknown, pointer: string, reading: KeyReading): Named | undefined => {
  const { wrong } = reading;
  if (!isObject(object)) {
    wrong.add(pointer, 'must be an object with a "type"');
    return undefined;
  }
  const { type } = object;
  const types = Object.keys(builderKinds);
  if (typeof type !== 'string') wrong.add(pointer, 'has no "type"');
  else if (![...types, ...foreignBuilders].includes(type))
    wrong.add(`${pointer}/type`, `is ${quoted(type)}, which is not translated: ${didYouMean(type, types)}`);
  else {
    const keys = makeKeys([{ object, pointer }], reading);
    const raw = keys.text('name') || type;
    return { object, pointer, type, raw, name: keys.known('name') || type };
  }
  return undefined;
};

const namedBuilders = (given: unknown, reading: KeyReading): readonly Named[] => {
  const { wrong } = reading;
  if (!Array.isArray(given) || given.length === 0) {
    wrong.add(
      given === undefined ? '' : '/builders',
      given === undefined ? 'has no "builders"' : 'must be a list of at least one builder',
    );
    return [];
  }
  if (given.length > bounds.packerBuilders) wrong.add('/builders', `has more than ${bounds.packerBuilders} entries`);
  const named = given
    .slice(0, bounds.packerBuilders)
    .map((object: unknown, index) => namedOne(object, `/builders/${index}`, reading))
    .filter((builder) => builder !== undefined);
  for (const [index, { name, pointer, object }] of named.entries())
    if (named.findIndex((other) => other.name === name) < index)
      wrong.add(
        pointer + (object['name'] === undefined ? '' : '/name'),
        `is ${quoted(name)} a second time: each builder needs a name of its own`,
      );
  return named;
};

/** Those that a machine is made of. Of foreign ones beside them none is, and without any of ours they are wrong. */
const machinesAmong = (named: readonly Named[], { wrong, notes }: KeyReading): readonly Named[] => {
  const ours = named.filter((builder) => !isForeign(builder));
  for (const { pointer, type } of named.filter(isForeign)) {
    const at = `${pointer}/type`;
    const what = `is ${quoted(type)}, which is not translated`;
    if (ours.length > 0) notes.add(at, `${what}: no machine is made of this builder`);
    else wrong.add(at, `${what}: there is: ${Object.keys(builderKinds).join(', ')}`);
  }
  return ours;
};

/** A name that a template of imaged may have. */
const templateName = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 64) || 'packer';

type Shared = {
  readonly root: Root;
  readonly reading: KeyReading;
  readonly variables: ImportedVariables;
  readonly provisioners: readonly Listed[];
  readonly cleanup: Listed | undefined;
  readonly chains: readonly Chain[];
};

const machineOf = (named: Named, shared: Shared): ImportedMachine => {
  const { root, reading, variables, provisioners, cleanup, chains } = shared;
  const { raw, name, type, pointer, object } = named;
  const draft = makeDraft(root, pointer);
  const keys = makeKeys([{ object, pointer }], reading);
  draft.put(['name'], templateName(name), object['name'] === undefined ? pointer : `${pointer}/name`);
  if (typeof root['description'] === 'string') draft.put(['description'], root['description'], '/description');
  putVariables(variables, draft);
  const kind = builderKinds[type];
  const artifacts: string[] = [];
  const builder: Builder = { keys, draft, reading, artifacts };
  if (kind !== undefined) {
    judgeKeys(keys, kind.rules, `the builder ${quoted(type)}`, reading);
    kind.translate(builder);
  }
  const downloads = putProvisioners(provisioners, { raw, type, draft }, reading);
  if (cleanup !== undefined) putCleanup(cleanup, { raw, type, draft }, reading);
  const output = keys.text('output_directory')?.replace(/\/$/, '');
  putPostProcessors(chains, { raw, type, draft, artifacts, output: output === '' ? undefined : output }, reading);
  for (const [index, file] of downloads.entries())
    draft.put(['artifacts', artifacts.length + index], { file }, pointer);
  return { name, document: draft.document(), pointerOf: draft.pointerOf };
};

/**
 * Translates Packer's JSON template, a builder at a time: one document for each, with the variables, and with those provisioners
 * and post-processors that are for it. Throws `template_invalid` with every place of the Packer document that cannot be
 * translated; what has no meaning here becomes a note. What `parseTemplate` and `resolve` judge is judged there.
 */
export function* importParts(
  document: unknown,
  { variables: sent, frozen, files, hasOutgoing = true, isAsked = () => true }: ImportOptions,
): Generator<undefined, Imported> {
  const wrong = fieldErrors();
  const notes = makeNotes('');
  const root: Root = isObject(document) ? document : {};
  const variables = readVariables(root, { wrong, notes });
  const reading: KeyReading = {
    wrong,
    notes,
    files,
    hasOutgoing,
    fill: fillWith(variables, { variables: sent, frozen }),
  };
  if (!isObject(document)) wrong.add('', 'is no Packer template: an object was due');
  judgeRoot(root, reading);
  const builders = isObject(document) ? namedBuilders(root['builders'], reading) : [];
  const names = builders.map(({ raw }) => raw);
  const cleaner = root['error-cleanup-provisioner'] ?? undefined;
  const shared = {
    ...{ root, reading, variables },
    provisioners: listProvisioners(root['provisioners'], names, reading),
    cleanup: cleaner === undefined ? undefined : listOne(cleaner, '/error-cleanup-provisioner', names, reading),
    chains: listChains(root['post-processors'], names, reading),
  };
  const machines: ImportedMachine[] = [];
  const unheard = { ...reading, wrong: fieldErrors(), notes: makeNotes('') };
  for (const named of machinesAmong(builders, reading)) {
    machines.push(machineOf(named, isAsked(named.name) ? shared : { ...shared, reading: unheard }));
    yield;
  }
  if (!wrong.isEmpty()) throw wrong.fault('template_invalid', 'The Packer template cannot be translated');
  return { machines, notes: notes.all() };
}

/** Translates Packer's JSON template as `importParts` has it, with `pause` between any two builders: it may have many. */
export const importInTurns = async (document: unknown, options: ImportOptions, pause: TurnPause): Promise<Imported> => {
  const parts = importParts(document, options);
  let part = parts.next();
  while (part.done !== true) {
    await pause();
    part = parts.next();
  }
  return part.value;
};
