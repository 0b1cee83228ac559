import { isPasswordKey } from './forms.ts';
import { namesIn, onlyNameIn } from '../../template/language/variable-names.ts';

type Path = readonly (string | number)[];

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Every text of a document, keys too, with the way to it. */
const textsIn = (value: unknown, path: Path = []): readonly { readonly path: Path; readonly text: string }[] => {
  if (typeof value === 'string') return [{ path, text: value }];
  if (Array.isArray(value)) return value.flatMap((item, index) => textsIn(item, [...path, index]));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => [
    { path: [...path, key, '(key)'], text: key },
    ...textsIn(item, [...path, key]),
  ]);
};

/** The same way in a template of one machine, where it leads into what one of several has of its own. */
export const inMachine = (path: Path): Path => (path[0] === 'machines' ? path.slice(2) : path);

/** Whether the way leads to an answer of a response file that is a password. */
export const isPasswordPath = (path: Path): boolean => {
  const [first, , kind, question, index, more] = inMachine(path);
  if (first !== 'http' || kind !== 'autoinstall' || typeof question !== 'string' || more !== undefined) return false;
  return (index === undefined || typeof index === 'number') && isPasswordKey(question);
};

// What people read is no use of a variable.
const isProse = (path: Path): boolean => {
  const [first, , third] = inMachine(path);
  return first === 'description' || (first === 'variables' && (third === 'description' || third === 'pattern'));
};

/** The variables that a template uses as whole passwords, and for nothing else. */
export const passwordVariables = (document: unknown): ReadonlySet<string> => {
  const asPasswords = new Set<string>();
  const otherwise = new Set<string>();
  for (const { path, text } of textsIn(document)) {
    if (isProse(path)) continue;
    const only = isPasswordPath(path) ? onlyNameIn(text) : undefined;
    if (only === undefined) namesIn(text).forEach((name) => otherwise.add(name));
    else asPasswords.add(only);
  }
  const declared = isObject(document) && isObject(document['variables']) ? Object.keys(document['variables']) : [];
  return new Set(declared.filter((name) => asPasswords.has(name) && !otherwise.has(name)));
};
