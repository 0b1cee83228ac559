/** The keys of a build: one for each place where its plan may be cut. */

import { createHmac } from 'node:crypto';
import type { RuntimeName, Spec } from '../../template/spec.ts';
import type { Ingredient } from '../types.ts';
import type { FileDigests } from './file-digests.ts';
import { lookInto, type LookedInto } from './look-into.ts';
import { partsOf, type Part } from './parts.ts';

/** Grows when imaged's own steps make something else of the same input. */
const layersVersion = 1;

/** Names of values that are others in each build, as scripts and playbooks know them. */
export const changingNames = ['IMAGED_BUILD_ID', 'PACKER_HTTP_', 'packer_http_'] as const;

/** One place of a plan behind which what was made may be kept. */
export type PlanKey = {
  /** The part that ends there: `install`, `connect`, `provisioners/2`, `finish`. */
  readonly part: string;
  /** The step after which that is. */
  readonly step: string;
  /** 64 hexadecimal digits: over this part and all before it. */
  readonly key: string;
  /** All that went into it, from the beginning of the plan. */
  readonly ingredients: readonly Ingredient[];
  /** Why nothing is kept there or behind it; undefined: it may be. */
  readonly changes?: string;
  /** Names the slot where what is kept is of use in that alone. */
  readonly ofSlot?: true;
};

export type KeyParts = {
  /** A secret of this host: what a client hides cannot be guessed from a key. */
  readonly secret: Uint8Array;
  readonly digests: FileDigests;
  /** What of the host goes into the machine: the hypervisor and its version, the version of imaged. */
  readonly host: Readonly<Record<string, string>>;
  readonly slot: number;
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

/** Programs of this host are not part of any key: what they do in the guest may change with them. */
const runsOnHost = ['shell-local', 'ansible'];

/** Why what comes out of a part is another in each build; undefined: it is not. */
const whyChanges = (
  { name }: Part,
  looked: LookedInto,
  types: readonly string[],
  differs: readonly string[],
): string | undefined => {
  const [file] = looked.unknown;
  if (file !== undefined) return `${name} uses ${file}, whose content is not known before it is fetched`;
  const [other] = differs;
  if (other !== undefined) return `${name} uses ${other}, which changes with every build`;
  const [program] = types.filter((type) => runsOnHost.includes(type));
  if (program !== undefined) return `${name} runs ${program} on this host, whose programs may change`;
  if (types.includes('breakpoint')) return `${name} is a breakpoint, at which people may change the guest`;
  const runtime = name === 'install' ? undefined : [...looked.runtimes].at(0);
  if (runtime !== undefined) return `${name} uses ${runtime}, which changes with every build`;
  const named = name === 'install' ? undefined : [...looked.names].at(0);
  return named === undefined ? undefined : `${name} names ${named}, which changes with every build`;
};

const ingredientsOf = ({ name, values }: Part, { plain, files }: LookedInto, secret: Uint8Array): Ingredient[] => {
  const entries = Object.entries(typeof plain === 'object' && plain !== null ? plain : {});
  return [
    ...entries.flatMap(([key, value]): Ingredient[] =>
      values[key] === undefined ? [] : [{ name: `${name}: ${key}`, digest: macOf(secret, value) }],
    ),
    ...files.map(({ shown, digest }) => ({ name: `${name}: file ${shown}`, digest: macOf(secret, digest) })),
  ];
};

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
  const keys: PlanKey[] = [];
  let key = macOf(secret, [layersVersion, host]);
  let ingredients: readonly Ingredient[] = [{ name: 'this host', digest: key }];
  let changes: string | undefined;
  let ofSlot = false;
  for (const [at, part] of parts.entries()) {
    const looked = await lookInto(part.values, { digests, names: changingNames }, signal);
    const own = JSON.stringify(sorted(part.values));
    const differs = partsOfOthers
      .filter(({ parts: theirs }) => JSON.stringify(sorted(theirs[at]?.values)) !== own)
      .map(({ name }) => name);
    const types = part.name.startsWith('provisioners/') ? [spec.provisioners[at - 2]?.type ?? ''] : [];
    changes ??= whyChanges(part, looked, types, differs);
    ofSlot ||= part.name === 'install' && [...looked.runtimes].some((name) => !plumbing.includes(name));
    const fresh = ingredientsOf(part, looked, secret);
    if (ofSlot && part.name === 'install') fresh.push({ name: 'install: slot', digest: macOf(secret, slot) });
    if (restarts.has(part.name)) fresh.push({ name: `${part.name}: a restart after it`, digest: macOf(secret, true) });
    ingredients = [...ingredients, ...fresh];
    key = macOf(secret, [key, part.name, fresh]);
    keys.push({
      ...{ part: part.name, step: part.step, key, ingredients },
      ...(changes === undefined ? {} : { changes }),
      ...(ofSlot ? { ofSlot: true } : {}),
    });
  }
  return keys;
};
