import { bounds } from '../../../base/bounds.ts';
import { pointerTo } from '../../../base/json/pointer.ts';
import { ParseError } from '../../../base/text/parse-error.ts';
import { makeFill, textOf, isUnknown, type FilledText } from '../../../template/language/fill.ts';
import type { FieldErrors } from '../../../base/field-errors.ts';
import type { Notes } from '../../../base/notes.ts';
import type { ImportDraft } from '../draft.ts';
import { isObject } from '../keys.ts';
import { notSet } from '../../environment.ts';
import { withoutFolders } from '../paths.ts';
import type { ImportOptions } from '../types.ts';

/** The variables of a Packer template. */
export type ImportedVariables = {
  /** Default by name; undefined: a value must be sent. */
  readonly defaults: ReadonlyMap<string, string | undefined>;
  readonly sensitive: ReadonlySet<string>;
};

type Told = { readonly wrong: FieldErrors; readonly notes: Notes };

const env = /\{\{\s*env\s+(?:`[^`]*`|"[^"]*")\s*\}\}/g;

/** The default without `env`, which renders nothing for what is not set: the daemon's environment is not the client's. */
const withoutEnv = (text: string, at: string, { notes }: Told): string => {
  const [used] = text.match(env) ?? [];
  if (used === undefined) return text;
  notes.add(at, notSet(used));
  return text.replace(env, '');
};

const defaultsOf = (given: unknown, told: Told): Map<string, string | undefined> => {
  const defaults = new Map<string, string | undefined>();
  if (given === undefined || given === null) return defaults;
  if (!isObject(given)) told.wrong.add('/variables', 'must be an object of names and texts');
  const entries = isObject(given) ? Object.entries(given) : [];
  if (entries.length > bounds.variables) told.wrong.add('/variables', `has more than ${bounds.variables} variables`);
  for (const [name, value] of entries.slice(0, bounds.variables)) {
    const at = pointerTo(['variables', name]);
    if (value === null) defaults.set(name, undefined);
    else if (typeof value === 'string') defaults.set(name, withoutFolders(withoutEnv(value, at, told)));
    else told.wrong.add(at, 'must be a text, or null where a value has to be sent');
  }
  return defaults;
};

const sensitiveIn = (given: unknown, defaults: ImportedVariables['defaults'], { wrong }: Told): Set<string> => {
  const at = '/sensitive-variables';
  if (given === undefined || given === null) return new Set();
  if (!Array.isArray(given)) {
    wrong.add(at, 'must be a list of names of variables');
    return new Set();
  }
  const names = new Set<string>();
  for (const [index, name] of given.entries()) {
    if (typeof name === 'string' && defaults.has(name)) names.add(name);
    else wrong.add(`${at}/${index}`, 'must be the name of one of "variables"');
  }
  return names;
};

/** Reads `variables` and `sensitive-variables`. */
export const readVariables = (document: Readonly<Record<string, unknown>>, told: Told): ImportedVariables => {
  const defaults = defaultsOf(document['variables'], told);
  return { defaults, sensitive: sensitiveIn(document['sensitive-variables'], defaults, told) };
};

/** Declares them in a document, so that a build may send other values. */
export const putVariables = ({ defaults, sensitive }: ImportedVariables, draft: ImportDraft): void => {
  for (const [name, value] of defaults) {
    const from = pointerTo(['variables', name]);
    const declared = value === undefined ? { required: true } : { default: value };
    draft.put(['variables', name], { ...declared, ...(sensitive.has(name) ? { sensitive: true } : {}) }, from);
  }
};

/** Fills texts in with the values that are known: those that were sent, else the defaults. Throws ParseErrors. */
export const fillWith = (
  { defaults }: ImportedVariables,
  { variables: sent, frozen }: Pick<ImportOptions, 'variables' | 'frozen'>,
): ((text: string) => string | undefined) => {
  const underway = new Set<string>();
  const known = (text: string): FilledText => ({ pieces: [text], isSecret: false });

  const variable = (name: string): FilledText | undefined => {
    if (!defaults.has(name)) return undefined;
    const given = Object.hasOwn(sent, name) ? sent[name] : undefined;
    if (typeof given === 'object') return { pieces: [{ unknown: name }], isSecret: false };
    if (given !== undefined) return known(`${given}`);
    const text = defaults.get(name);
    if (text === undefined) return { pieces: [{ unknown: name }], isSecret: false };
    if (underway.has(name) || underway.size > 50)
      throw new ParseError(`variables refer to each other in a circle: ${[...underway, name].slice(-5).join(' -> ')}`);
    underway.add(name);
    try {
      return fill(text, name);
    } finally {
      underway.delete(name);
    }
  };

  const fill = makeFill({
    frozen,
    templateName: '',
    variable,
    variableNames: [...defaults.keys()],
    onSecret: () => undefined,
  });

  return (text) => {
    if (!text.includes('{{')) return text;
    const filled = fill(text, text);
    return isUnknown(filled) ? undefined : textOf(filled);
  };
};
