import { didYouMean, quoted } from '../../../base/text/nearest.ts';
import { HclError } from '../hcl-error.ts';
import type { At } from '../source.ts';
import type { Allowance } from '../syntax/cursor.ts';
import type { Budget } from '../values/budget.ts';
import { objectOf, type Obj, type Value } from '../values/value.ts';

/** The files that a template may read: those of its context. Paths are relative to it; none leads out of it. */
export type ContextFolder = {
  /** The bytes of a file. Throws a ParseError where there is no such file, or one that is too large. */
  readonly read: (path: string) => Uint8Array;
  readonly has: (path: string) => boolean;
  /** Paths of all files below the folder, in order. */
  readonly list: () => readonly string[];
};

/** What is the same for all expressions of a template. */
export type World = {
  readonly budget: Budget;
  readonly allowance: Allowance;
  /** The time that `timestamp` and its like tell, in Unix milliseconds. */
  readonly frozenMs: number;
  /** What makes the UUIDs of this template unlike those of another: the same seed gives the same ones. */
  readonly seed: string;
  readonly folder: ContextFolder | undefined;
  /** What `env` gives, where it may be called: in the default of a variable, as in Packer. */
  readonly env?: (name: string, at: At) => string;
};

/** Names below a root, such as those of `var`: each is worked out when it is asked for. */
export type Namespace = {
  readonly names: () => readonly string[];
  /** Undefined where there is no such name. */
  readonly find: (name: string, at: At) => Value | undefined;
};

export const isNamespace = (found: Value | Namespace): found is Namespace =>
  typeof found === 'object' && found !== null && 'names' in found;

/** The names that an expression may use. */
export type HclScope = {
  readonly world: World;
  readonly find: (name: string) => Value | Namespace | undefined;
  /** Those that are told in messages. */
  readonly names: () => readonly string[];
};

export const scopeOf = (world: World, roots: Readonly<Record<string, Value | Namespace>>): HclScope => ({
  world,
  find: (name) => (Object.hasOwn(roots, name) ? roots[name] : undefined),
  names: () => Object.keys(roots),
});

/** The scope with more names, which hide those that are called the same. */
export const within = (scope: HclScope, values: Readonly<Record<string, Value | Namespace>>): HclScope => ({
  world: scope.world,
  find: (name) => (Object.hasOwn(values, name) ? values[name] : scope.find(name)),
  names: () => [...Object.keys(values), ...scope.names()],
});

/** One name of a namespace. Throws an HclError where there is none. */
export const nameIn = (namespace: Namespace, root: string, name: string, at: At, budget: Budget): Value => {
  const found = namespace.find(name, at);
  if (found !== undefined) return found;
  const names = namespace.names();
  // A template may ask for many that are not there, and each is compared with all that are.
  budget.step(at, names.length);
  throw new HclError(at, `there is no ${root}.${name}: ${didYouMean(name, names)}`);
};

/** A namespace as one object. */
export const wholeOf = (namespace: Namespace, at: At): Obj =>
  objectOf(namespace.names().map((name) => [name, namespace.find(name, at) ?? null] as const));

/** Throws: there is no such name. */
export const unknownName = (scope: HclScope, name: string, at: At): never => {
  scope.world.budget.step(at, scope.names().length);
  throw new HclError(at, `there is nothing called ${quoted(name)} here: ${didYouMean(name, scope.names())}`);
};
