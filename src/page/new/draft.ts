import type { Declared, Variable } from '../api/types.ts';
import { archiveOf, type ContextFile } from './context/files.ts';

/** What a build is to be made of. */
export type Source =
  | { readonly kind: 'stored'; readonly name: string; readonly version?: string }
  | { readonly kind: 'files'; readonly files: readonly ContextFile[] };

/** A form as it is filled in. It is kept nowhere: values may be secret. */
export type Draft = {
  readonly source: Source | undefined;
  /** By variable: those that were filled in. */
  readonly values: Readonly<Record<string, string>>;
  /** `team=infra`, one a line. */
  readonly labels: string;
  /** Empty where the API's own default counts. */
  readonly priority: string;
  readonly cache: string;
  readonly machine: string;
  readonly onError: string;
};

export const emptyDraft: Draft = {
  ...{ source: undefined, values: {}, labels: '', priority: '', cache: '', machine: '', onError: '' },
};

/** `openbsd`, or `openbsd@3`. */
export const referenceOf = ({ name, version }: Extract<Source, { kind: 'stored' }>): string =>
  version === undefined ? name : `${name}@${version}`;

/** Those that are sent: what was filled in, of the variables that the template has. */
const valuesOf = ({ values }: Draft, variables: readonly Variable[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    variables.flatMap(({ name }) => {
      const value = values[name] ?? '';
      return value === '' ? [] : [[name, value]];
    }),
  );

const labelLines = ({ labels }: Draft): readonly string[] =>
  labels
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** The lines that are no labels. */
export const wrongLabels = (draft: Draft): readonly string[] =>
  labelLines(draft).filter((line) => !/^[^=]+=/.test(line));

const labelsOf = (draft: Draft): readonly (readonly [string, string])[] =>
  labelLines(draft).map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);

/** A request to `POST /builds`; `shown` is its body without what is sensitive. */
export type Request = { readonly path: string; readonly body: object; readonly shown?: object };

const settingsOf = ({ priority, cache, machine, onError }: Draft): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries({ priority, cache, machine, on_error: onError }).filter(([, value]) => value !== ''),
  );

// What is no number is for the API to judge.
const numberOr = (text: string): number | string => (Number.isFinite(Number(text)) ? Number(text) : text);

const pathWith = (query: URLSearchParams): string => (query.size === 0 ? 'builds' : `builds?${query.toString()}`);

/** A build of a stored template is asked for in JSON. */
const storedRequest = (draft: Draft, template: string, variables: readonly Variable[]): Omit<Request, 'path'> => {
  const { priority, ...settings } = settingsOf(draft);
  const body = {
    template,
    variables: valuesOf(draft, variables),
    labels: Object.fromEntries(labelsOf(draft)),
    ...settings,
    ...(priority === undefined ? {} : { priority: numberOr(priority) }),
  };
  const secret = new Set(variables.filter(({ sensitive }) => sensitive).map(({ name }) => name));
  const shown = Object.fromEntries(
    Object.entries(body.variables).map(([name, value]) => [name, secret.has(name) ? '<sensitive>' : value] as const),
  );
  return { body, shown: { ...body, variables: shown } };
};

/** What asks for a build, or for what it would do. Values never stand in the address: addresses are logged. */
export const requestOf = async (
  draft: Draft & { readonly source: Source },
  { variables }: Pick<Declared, 'variables'>,
  how: 'check' | 'start',
): Promise<Request> => {
  const { source } = draft;
  const query = new URLSearchParams(how === 'check' ? { validate: 'true' } : {});
  if (source.kind === 'stored')
    return { path: pathWith(query), ...storedRequest(draft, referenceOf(source), variables) };
  for (const [name, value] of Object.entries(settingsOf(draft))) query.set(name, value);
  for (const [name, value] of labelsOf(draft)) query.append('label', `${name}=${value}`);
  return { path: pathWith(query), body: await archiveOf(source.files, valuesOf(draft, variables)) };
};

/** Where the variables of what was chosen are asked for. */
export const variablesRequest = async (source: Source): Promise<{ readonly path: string; readonly body?: object }> => {
  if (source.kind === 'files') return { path: 'templates/variables', body: await archiveOf(source.files, {}) };
  const { name, version } = source;
  return { path: `templates/${name}${version === undefined ? '' : `/versions/${version}`}/variables` };
};
