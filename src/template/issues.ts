import type { z } from 'zod';
import type { Complaint } from '../fault.ts';
import { pointerTo } from '../pointer.ts';

type Issue = z.core.$ZodIssue;

const isWrongKind = (issue: Issue | undefined) => issue?.code === 'invalid_type' && issue.path.length === 0;

/** Of a union's branches, the one whose kind of value was written: its complaints help, the others' do not. */
const branchMeant = (branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined => {
  const meant = branches.filter((branch) => !isWrongKind(branch[0]));
  return meant.length === 1 ? meant[0] : undefined;
};

const kindsOf = (branches: readonly (readonly Issue[])[]): string =>
  branches.flatMap(([issue]) => (issue?.code === 'invalid_type' ? [issue.expected] : [])).join(' or ');

const told = (issue: Issue, above: readonly PropertyKey[]): readonly (readonly [string, string])[] => {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    const lines = issue.message.split('\n');
    return issue.keys.map((key, index) => [pointerTo([...path, key]), lines[index] ?? 'is an unknown key'] as const);
  }
  if (issue.code === 'invalid_union') {
    const branch = branchMeant(issue.errors);
    if (branch !== undefined) return branch.flatMap((inner) => told(inner, path));
    const kinds = kindsOf(issue.errors);
    return [[pointerTo(path), kinds === '' ? issue.message : `must be ${kinds}`]];
  }
  if (issue.code === 'invalid_key') return [[pointerTo(path), issue.issues[0]?.message ?? issue.message]];
  return [[pointerTo(path), issue.message]];
};

/** Everything that zod found wrong with a document, each with its place and in words a client can use. */
export const complaintsOf = (issues: readonly Issue[]): readonly Complaint[] =>
  issues.flatMap((issue) => told(issue, [])).map(([pointer, message]) => ({ pointer, message }));
