import { labelOf } from '../../base/records/label.ts';
import type { Declared, Variable } from '../api/types.ts';
import { archiveOf, type ContextFile } from './context/files.ts';

/** What a build is to be made of. */
export type DraftSource =
  | { readonly kind: 'stored'; readonly name: string; readonly version?: string }
  | { readonly kind: 'files'; readonly files: readonly ContextFile[] };

/** A form as it is filled in. It is kept nowhere: values may be secret. */
export type PageDraft = {
  readonly source: DraftSource | undefined;
  /** By variable: those that were filled in. */
  readonly values: Readonly<Record<string, string>>;
  /** `team=infra`, one a line. */
  readonly labels: string;
  /** Empty where the API's own default counts. */
  readonly priority: string;
  readonly cache: string;
  /** Those that are built; undefined: all. */
  readonly machines: readonly string[] | undefined;
  /** How many builds of a run go on at once; empty for as many as the host takes. */
  readonly parallel: string;
  readonly failFast: boolean;
  readonly onError: string;
};

export const emptyDraft: PageDraft = {
  ...{ source: undefined, values: {}, labels: '', priority: '', cache: '', onError: '' },
  ...{ machines: undefined, parallel: '', failFast: false },
};

/** `openbsd`, or `openbsd@3`. */
const referenceOf = ({ name, version }: Extract<DraftSource, { kind: 'stored' }>): string =>
  version === undefined ? name : `${name}@${version}`;

/** Those that are sent: what was filled in, of the variables that the template has. */
const valuesOf = ({ values }: PageDraft, variables: readonly Variable[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    variables.flatMap(({ name }) => {
      const value = values[name] ?? '';
      return value === '' ? [] : [[name, value]];
    }),
  );

const labelLines = ({ labels }: PageDraft): readonly string[] =>
  labels
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** The lines that are no labels. */
export const wrongLabels = (draft: PageDraft): readonly string[] =>
  labelLines(draft).filter((line) => labelOf(line) === undefined);

const labelsOf = (draft: PageDraft): readonly (readonly [string, string])[] =>
  labelLines(draft).flatMap((line) => {
    const label = labelOf(line);
    return label === undefined ? [] : [label];
  });

/** A request to `POST /builds` or `POST /runs`; `shown` is its body without what is sensitive. */
export type Request = { readonly path: string; readonly body: object; readonly shown?: object };

/** The machines that are built, of those that the template has. */
export const chosenMachines = ({ machines }: Pick<PageDraft, 'machines'>, all: readonly string[]): readonly string[] =>
  machines === undefined ? all : all.filter((name) => machines.includes(name));

/** Whether they are builds of one run. */
export const isRun = (draft: Pick<PageDraft, 'machines'>, all: readonly string[]): boolean =>
  chosenMachines(draft, all).length > 1;

/** Which machines, of a template with several. */
const machinesOf = (draft: PageDraft, all: readonly string[]): Readonly<Record<string, string>> => {
  if (all.length < 2) return {};
  const chosen = chosenMachines(draft, all);
  const [machine = ''] = chosen;
  if (!isRun(draft, all)) return { machine };
  return {
    ...(chosen.length < all.length ? { only: chosen.join(',') } : {}),
    parallel: draft.parallel,
    ...(draft.failFast ? { fail_fast: 'true' } : {}),
  };
};

/** As a query has them. */
const settingsOf = (draft: PageDraft, all: readonly string[]): Readonly<Record<string, string>> => {
  const { priority, cache, onError } = draft;
  const settings = { priority, cache, on_error: onError, ...machinesOf(draft, all) };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== ''));
};

// What is no number is for the API to judge.
const numberOr = (text: string): number | string => (Number.isFinite(Number(text)) ? Number(text) : text);

const pathWith = (kind: 'builds' | 'runs', query: URLSearchParams): string =>
  query.size === 0 ? kind : `${kind}?${query.toString()}`;

/** What of a template a request is made by. */
export type DraftTemplate = Pick<Declared, 'variables' | 'machines'>;

/** What is asked of a stored template is asked for in JSON. */
const storedRequest = (
  draft: PageDraft,
  template: string,
  { variables, machines }: DraftTemplate,
): Omit<Request, 'path'> => {
  const { priority, parallel, only, fail_fast: failFast, ...settings } = settingsOf(draft, machines);
  const body = {
    template,
    variables: valuesOf(draft, variables),
    labels: Object.fromEntries(labelsOf(draft)),
    ...settings,
    ...(priority === undefined ? {} : { priority: numberOr(priority) }),
    ...(parallel === undefined ? {} : { parallel: numberOr(parallel) }),
    ...(only === undefined ? {} : { only: only.split(',') }),
    ...(failFast === undefined ? {} : { fail_fast: true }),
  };
  const secret = new Set(variables.filter(({ sensitive }) => sensitive).map(({ name }) => name));
  const shown = Object.fromEntries(
    Object.entries(body.variables).map(([name, value]) => [name, secret.has(name) ? '<sensitive>' : value] as const),
  );
  return { body, shown: { ...body, variables: shown } };
};

/** What asks for a build or a run, or for what it would do. Values never stand in the address: addresses are logged. */
export const requestOf = async (
  draft: PageDraft & { readonly source: DraftSource },
  template: DraftTemplate,
  how: 'check' | 'start',
): Promise<Request> => {
  const { source } = draft;
  const kind = isRun(draft, template.machines) ? 'runs' : 'builds';
  const query = new URLSearchParams(how === 'check' ? { validate: 'true' } : {});
  if (source.kind === 'stored')
    return { path: pathWith(kind, query), ...storedRequest(draft, referenceOf(source), template) };
  for (const [name, value] of Object.entries(settingsOf(draft, template.machines))) query.set(name, value);
  for (const [name, value] of labelsOf(draft)) query.append('label', `${name}=${value}`);
  return { path: pathWith(kind, query), body: await archiveOf(source.files, valuesOf(draft, template.variables)) };
};

/** The values as one text, by which to tell whether they have changed. */
export const valuesText = (draft: PageDraft, variables: readonly Variable[]): string =>
  JSON.stringify(valuesOf(draft, variables));

/** Where the variables of what was chosen are asked for, and the machines that it has with the values of these. */
export const variablesRequest = async (
  source: DraftSource,
  draft: PageDraft,
  variables: readonly Variable[],
): Promise<{ readonly path: string; readonly body?: object }> => {
  if (source.kind === 'files')
    return { path: 'templates/variables', body: await archiveOf(source.files, valuesOf(draft, variables)) };
  const { name, version } = source;
  return { path: `templates/${name}${version === undefined ? '' : `/versions/${version}`}/variables` };
};
