import type { z } from 'zod';
import { kindWords, ofRightKind } from '../../base/document/zod-words.ts';
import type { FieldError } from '../../base/fault.ts';
import { didYouMean, maxFieldErrors, quoted, unknownKeys } from '../../base/text/nearest.ts';
import { packerWords } from '../../packer/key-names.ts';
import { pointerTo } from '../../base/json/pointer.ts';

type Issue = z.core.$ZodIssue;

const isWrongKind = (issue: Issue | undefined) => issue?.code === 'invalid_type' && issue.path.length === 0;

/** Of a union's branches, the one whose kind of value was written: its field errors help, the others' do not. */
const branchMeant = (branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined => {
  const meant = branches.filter((branch) => !isWrongKind(branch[0]));
  return meant.length === 1 ? meant[0] : undefined;
};

const kindsOf = (branches: readonly (readonly Issue[])[]): string =>
  branches.flatMap(([issue]) => (issue?.code === 'invalid_type' ? [kindWords(issue.expected)] : [])).join(' or ');

const unknownKey = (key: string, known: readonly string[]): string => {
  const ours = Object.hasOwn(packerWords, key) ? packerWords[key] : undefined;
  if (ours !== undefined) return `is Packer's key ${quoted(key)}: ${ours}`;
  return `is an unknown key: ${didYouMean(key, known)}`;
};

type Keys = ReturnType<typeof unknownKeys>;

const told = (issue: Issue, above: readonly PropertyKey[], keys: Keys): readonly (readonly [string, string])[] => {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    const known = issue.message.split('\n');
    return issue.keys
      .slice(0, maxFieldErrors)
      .map((key) => [pointerTo([...path, key]), keys(() => unknownKey(key, known))] as const);
  }
  if (issue.code === 'invalid_union') {
    const branch = branchMeant(issue.errors);
    if (branch !== undefined)
      return ofRightKind(branch)
        .slice(0, maxFieldErrors)
        .flatMap((inner) => told(inner, path, keys));
    const kinds = kindsOf(issue.errors);
    return [[pointerTo(path), kinds === '' ? issue.message : `must be ${kinds}`]];
  }
  if (issue.code === 'too_small' && issue.origin === 'array')
    return [[pointerTo(path), 'is an empty list: give it at least one entry, or leave the key out']];
  if (issue.code === 'invalid_key') return [[pointerTo(path), issue.issues[0]?.message ?? issue.message]];
  return [[pointerTo(path), issue.message]];
};

/** Every place that an issue names, in whichever branch of a union. */
export const pointersOf = (issues: readonly Issue[], above: readonly PropertyKey[] = []): ReadonlySet<string> => {
  const pointers = new Set<string>();
  for (const issue of issues) {
    const path = [...above, ...issue.path];
    pointers.add(pointerTo(path));
    const branches = issue.code === 'invalid_union' ? issue.errors : [];
    for (const branch of branches) for (const pointer of pointersOf(branch, path)) pointers.add(pointer);
  }
  return pointers;
};

/** What zod found wrong with a document, each with its place and in words a client can use, and how many places there are. */
export const fieldErrorsOf = (
  all: readonly Issue[],
): { readonly told: readonly FieldError[]; readonly count: number } => {
  const issues = ofRightKind(all);
  const keys = unknownKeys();
  return {
    told: issues
      .slice(0, maxFieldErrors)
      .flatMap((issue) => told(issue, [], keys))
      .slice(0, maxFieldErrors)
      .map(([pointer, message]) => ({ pointer, message })),
    count: issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 1), 0),
  };
};
