import type { MayUse } from '../../base/records/host-secret.ts';

/** A build, as far as it matters to who may use a secret. */
export type SecretUser = {
  /** The stored template that it was asked for by. */
  readonly template?: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The name of the token that asks for it. */
  readonly token?: string;
};

const isIn = (list: readonly string[] | undefined, name: string | undefined): boolean =>
  list === undefined || (name !== undefined && list.includes(name));

/** Why a build may not use a secret, as the end of a sentence; undefined when it may. */
export const whyMayNotUse = (
  { templates, labels = {}, tokens }: MayUse,
  { template, labels: has, token }: SecretUser,
): string | undefined => {
  if (!isIn(templates, template)) return 'is not for this template';
  if (!isIn(tokens, token)) return 'is not for this token';
  const missing = Object.entries(labels).find(([name, value]) => !Object.hasOwn(has, name) || has[name] !== value);
  return missing && `is for builds with the label ${missing.join('=')}`;
};
