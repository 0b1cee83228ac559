import type { VariableValues } from '../../base/records/variable-value.ts';

const hidden = '<sensitive>';

/** The variables, with those that are sensitive made unreadable. */
export const showVariables = (variables: VariableValues, sensitive: readonly string[]) =>
  Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, sensitive.includes(name) ? hidden : value]),
  );

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const showVariable = (name: string, declared: unknown, sensitive: readonly unknown[]): unknown => {
  const isSensitive = sensitive.includes(name) || (isObject(declared) && declared['sensitive'] === true);
  if (!isSensitive) return declared;
  if (!isObject(declared)) return declared === null ? null : hidden;
  return 'default' in declared ? { ...declared, default: hidden } : declared;
};

/** The document, with the defaults of sensitive variables made unreadable: those named, and those it marks itself. */
export const showDocument = (document: unknown, sensitive: readonly string[] = []): unknown => {
  if (!isObject(document)) return document;
  const declared = document['variables'];
  if (!isObject(declared)) return document;
  const own: unknown = document['sensitive-variables'];
  const all: readonly unknown[] = [...sensitive, ...(Array.isArray(own) ? own.map(String) : [])];
  const variables = Object.entries(declared).map(([name, one]) => [name, showVariable(name, one, all)] as const);
  return { ...document, variables: Object.fromEntries(variables) };
};
