/** The keys of a build: one for each place where its plan may be cut. */

import { createHmac } from 'node:crypto';
import { maskOf } from '../../base/mask/mask.ts';
import type { RuntimeName, Spec } from '../../template/spec.ts';
import type { Ingredient } from '../types.ts';
import { changesWith } from './changes-with.ts';
import type { FileDigests } from './file-digests.ts';
import { lookInto, type LookedInto } from './look-into.ts';
import { partsOf, type KeyPart } from './parts.ts';

/** Grows when imaged's own steps make something else of the same input. */
const layersVersion = 1;

/** Names of values that are others in each build, as scripts and playbooks know them. */
export const changingNames = ['IMAGED_BUILD_ID', 'PACKER_HTTP_', 'packer_http_'] as const;

/** One place of a plan behind which what was made may be kept. */
export type PlanKey = {
  /** The part that ends there: `install`, `connect`, `provisioners/2`, `seal`, `finish`. */
  readonly part: string;
  /** The step after which that is. */
  readonly step: string;
  /** 64 hexadecimal digits: over this part and all before it. */
  readonly key: string;
  /** All that went into it, from the beginning of the plan. */
  readonly ingredients: readonly Ingredient[];
  /** Why nothing is kept there or behind it; undefined: it may be. */
  readonly changes?: string;
  /** A file that was not read, so that the key is not known; undefined: it is. */
  readonly unread?: string;
  /** What is kept is of use in this slot alone. */
  readonly ofSlot?: true;
};

export type KeyParts = {
  /** A secret of this host: what a client hides cannot be guessed from a key. */
  readonly secret: Uint8Array;
  readonly digests: Pick<FileDigests, 'read' | 'readImage'>;
  /** What of the host goes into the machine, in words: the version of imaged, the hypervisor and its version. */
  readonly host: Readonly<Record<string, string>>;
  /** Undefined: not known yet. */
  readonly slot: number | undefined;
  /** The parts after which the guest may be started anew: a script can see that it was. */
  readonly restarts: ReadonlySet<string>;
};

/** The spec to make keys of, and the same as it would be with another id, or at another time, where that differs. */
export type SpecsOfKeys = {
  readonly spec: Spec;
  readonly others: readonly { readonly name: string; readonly spec: Spec }[];
};

// Where the endpoint is differs from slot to slot; what a system was installed by is not in it. The key of the build stays
// with what is kept.
const plumbing: readonly RuntimeName[] = [
  'http_url',
  'http_ip',
  'http_port',
  'http_addr',
  'http_host',
  'ssh_public_key',
];

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
};

const macOf = (secret: Uint8Array, value: unknown): string =>
  createHmac('sha256', secret)
    .update(JSON.stringify(sorted(value)) ?? 'undefined')
    .digest('hex');

/**
 * Programs of this host are not part of any key: what they do in the guest may change with them. A script may read anything.
 * A playbook with max_age is kept that long: its author vouches for what the key cannot see.
 */
const whyHostChanges = ({ name, type, maxAgeMs }: KeyPart): string | undefined => {
  const changes = type === undefined ? 'nothing' : changesWith[type];
  if (changes === 'host') return `${name} runs ${type} on this host, whose programs may change`;
  if (changes !== 'host unless aged' || maxAgeMs !== undefined) return undefined;
  return `${name} runs ${type} on this host, whose programs may change; set max_age to keep its result`;
};

/** Why what comes out of a part is another in each build; undefined: it is not. */
const whyChanges = (part: KeyPart, looked: LookedInto, differs: readonly string[]): string | undefined => {
  const { name, type } = part;
  const [thing] = looked.unknown;
  if (thing !== undefined) return `${name} uses ${thing}`;
  const [other] = differs;
  if (other !== undefined) return `${name} uses ${other}, which changes with every build`;
  const onHost = whyHostChanges(part);
  if (onHost !== undefined) return onHost;
  if (type !== undefined && changesWith[type] === 'people')
    return `${name} is a ${type}, at which people may change the guest`;
  if (name === 'install') return undefined;
  const [runtime] = looked.runtimes;
  if (runtime !== undefined) return `${name} uses ${runtime}, which changes with every build`;
  const [named] = looked.names;
  return named === undefined ? undefined : `${name} names ${named}, which changes with every build`;
};

/** Media are told apart from files of the context: they change without a client having sent anything. */
const fileWord = (shown: string): string => (shown.startsWith('media:') ? 'medium' : 'file');

const ingredientsOf = ({ name }: KeyPart, { plain, files }: LookedInto, secret: Uint8Array): Ingredient[] => [
  ...plain.flatMap(([what, value]): Ingredient[] =>
    value === undefined ? [] : [{ name: `${name}: ${what}`, digest: macOf(secret, value) }],
  ),
  ...files.map(({ shown, digest }) => ({
    name: `${name}: ${fileWord(shown)} ${shown}`,
    digest: macOf(secret, digest),
  })),
];

/** What every key begins with: what of the host goes into the machine, in words. */
const hostIngredients = ({ secret, host }: Pick<KeyParts, 'secret' | 'host'>): readonly Ingredient[] => [
  { name: 'this host: the secret that keys are made with', digest: macOf(secret, 'the secret') },
  ...Object.entries(host).map(([what, value]) => ({ name: `this host: ${what}`, digest: macOf(secret, value) })),
];

/**
 * The keys of a build, in the order of its plan. The same input gives the same keys, and a change in a part gives other
 * keys from there on: names of files and folders on this host, deadlines and retries of the login are no input.
 */
export const keysOf = async (
  { spec, others }: SpecsOfKeys,
  { secret, digests, host, slot, restarts }: KeyParts,
  signal: AbortSignal,
): Promise<readonly PlanKey[]> => {
  const parts = partsOf(spec);
  const partsOfOthers = others.map(({ name, spec: other }) => ({ name, parts: partsOf(other) }));
  const hide = maskOf(spec.secrets);
  const keys: PlanKey[] = [];
  let key = macOf(secret, [layersVersion, host]);
  let ingredients = hostIngredients({ secret, host });
  let changes: string | undefined;
  let unread: string | undefined;
  let ofSlot = false;
  for (const [at, part] of parts.entries()) {
    const looked = await lookInto(part.values, { digests, names: changingNames }, signal);
    const own = JSON.stringify(sorted(part.values));
    const differs = partsOfOthers
      .filter(({ parts: theirs }) => JSON.stringify(sorted(theirs[at]?.values)) !== own)
      .map(({ name }) => name);
    changes ??= whyChanges(part, looked, differs);
    unread ??= looked.unread.map((file) => `${part.name} uses ${file}`).at(0);
    ofSlot ||= part.name === 'install' && [...looked.runtimes].some((name) => !plumbing.includes(name));
    const fresh = ingredientsOf(part, looked, secret);
    if (ofSlot && part.name === 'install') fresh.push({ name: 'install: slot', digest: macOf(secret, slot) });
    if (restarts.has(part.name)) fresh.push({ name: `${part.name}: a restart after it`, digest: macOf(secret, true) });
    ingredients = [...ingredients, ...fresh.map(({ name, digest }) => ({ name: hide(name), digest }))];
    // Names of ingredients are for people: the values are in the key by their places as well.
    key = macOf(secret, [key, part.name, looked.plain, fresh]);
    keys.push({
      ...{ part: part.name, step: part.step, key, ingredients },
      ...(changes === undefined ? {} : { changes: hide(changes) }),
      ...(unread === undefined ? {} : { unread: hide(unread) }),
      ...(ofSlot ? { ofSlot: true } : {}),
    });
  }
  return keys;
};
