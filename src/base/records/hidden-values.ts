import type { VariableValues } from './variable-value.ts';

const hidden = '<sensitive>';

/** The variables, with those that are sensitive made unreadable. */
export const showVariables = (variables: VariableValues, sensitive: readonly string[]) =>
  Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, sensitive.includes(name) ? hidden : value]),
  );

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

type Hidden = (name: string, declared: unknown) => boolean;

const showVariable = (name: string, declared: unknown, isHidden: Hidden): unknown => {
  if (!isHidden(name, declared)) return declared;
  if (!isObject(declared)) return declared === null ? null : hidden;
  return 'default' in declared ? { ...declared, default: hidden } : declared;
};

/** What stands in a document or in one of its machines, with the hidden defaults of its variables. */
const showIn = (part: unknown, isHidden: Hidden): unknown => {
  if (!isObject(part) || !isObject(part['variables'])) return part;
  const shown = Object.entries(part['variables']).map(
    ([name, one]) => [name, showVariable(name, one, isHidden)] as const,
  );
  return { ...part, variables: Object.fromEntries(shown) };
};

/**
 * The document, with the defaults of sensitive variables made unreadable: those named, and those it marks itself. Where it
 * extends another, which may have marked them, those too that it does not say to be readable.
 */
export const showDocument = (document: unknown, sensitive: readonly string[] = []): unknown => {
  if (!isObject(document)) return document;
  const own: unknown = document['sensitive-variables'];
  const named: readonly unknown[] = [...sensitive, ...(Array.isArray(own) ? own.map(String) : [])];
  const declared = isObject(document['variables']) ? document['variables'] : {};
  const marks = (one: unknown): unknown => (isObject(one) ? one['sensitive'] : undefined);
  const isHidden: Hidden = (name, one) => {
    const said = marks(one) ?? marks(declared[name]);
    return named.includes(name) || said === true || (said === undefined && 'extends' in document);
  };
  const shown = showIn(document, isHidden);
  const machines = document['machines'];
  if (!isObject(shown) || !isObject(machines)) return shown;
  const each = Object.entries(machines).map(([name, machine]) => [name, showIn(machine, isHidden)] as const);
  return { ...shown, machines: Object.fromEntries(each) };
};
