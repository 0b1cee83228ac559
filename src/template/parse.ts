import type { z } from 'zod';
import { complaints, pointerTo } from './complaints.ts';
import { Template } from './schema.ts';

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

/**
 * Checks the form of a template document: keys, kinds, units, patterns, boot commands. Throws `template_invalid` with
 * every place that is wrong. Values of variables, files and what belongs together are judged by `resolve`. `at` is where the document stands in what the client sent.
 */
export const parseTemplate = (document: unknown, at = ''): Template => {
  const { success, data, error } = Template.safeParse(document, { reportInput: false });
  if (success) return data;
  const all = complaints();
  for (const issue of error.issues) for (const [pointer, message] of told(issue, [])) all.add(at + pointer, message);
  throw all.fault('template_invalid', 'The template is wrong');
};
