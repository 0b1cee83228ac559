import { withPlaces } from '../../base/field-errors.ts';
import { shortestSecret } from '../../base/mask/secret-words.ts';
import { readHclContext } from '../../packer/hcl/read-context.ts';
import type { ImportOptions } from '../../packer/import/types.ts';
import type { Expanded } from './expand.ts';
import { packerMachines } from './packer.ts';

const nameOf = (index: number): string => `hcl_sensitive_${index + 1}`;

// What they hold are names of kinds, builders and blocks: a value that looks like one is not the value.
const structural = ['type', 'name', 'only', 'except'];

/** Calls `change` with every text of a value; keys, and names of the template's own, are left as they are. */
const withTexts = (value: unknown, change: (text: string) => string): unknown => {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((one) => withTexts(one, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, structural.includes(key) ? inner : withTexts(inner, change)]),
  );
};

/**
 * What HCL has worked out holds the sensitive values themselves: each becomes a sensitive variable again, which is masked and
 * forgotten as others are. One that is too short to be masked stays.
 */
const hide = (document: Readonly<Record<string, unknown>>, sensitive: readonly string[]) => {
  const hidden = [...new Set(sensitive)]
    .filter(({ length }) => length >= shortestSecret)
    .sort((one, other) => other.length - one.length);
  if (hidden.length === 0) return { document, variables: {} };
  const call = (index: number) => `{{user \`${nameOf(index)}\`}}`;
  // Longer ones first, and none inside of what was put in place of another.
  const change = (text: string) =>
    hidden.reduce<readonly (string | number)[]>(
      (pieces, secret, index) =>
        pieces.flatMap((piece) =>
          typeof piece === 'number'
            ? [piece]
            : piece.split(secret).flatMap((part, at) => (at === 0 ? [part] : [index, part])),
        ),
      [text],
    );
  const names = hidden.map((_, index) => nameOf(index));
  return {
    document: {
      ...(withTexts(document, (text) => change(text).map((piece) => (typeof piece === 'number' ? call(piece) : piece)).join('')) as object), // prettier-ignore
      variables: Object.fromEntries(names.map((name) => [name, null])),
      'sensitive-variables': names,
    },
    variables: Object.fromEntries(hidden.map((secret, index) => [nameOf(index), secret])),
  };
};

/**
 * The machines of a template in HCL2, which lies in the folder of a context: worked out with the values that were sent, and
 * translated as Packer's JSON is. `pointerOf` gives `file:line:column`. Throws `template_invalid`.
 */
export const hclMachines = async (folder: string, options: ImportOptions): Promise<readonly Expanded[]> => {
  const { variables, frozen } = options;
  const read = await readHclContext(folder, { variables, frozenMs: frozen.timestampMs, seed: frozen.buildId });
  const place = (pointer: string): string => {
    const found = read.at(pointer);
    return found === undefined ? '' : `${found.file}:${found.line}:${found.column}`;
  };
  const hidden = hide(read.document, read.sensitive);
  try {
    const machines = await packerMachines(hidden.document, { ...options, variables: hidden.variables });
    return machines.map(({ notes, pointerOf, ...machine }) => ({
      ...machine,
      variables: hidden.variables,
      notes: [...read.notes, ...notes.map(({ pointer, message }) => ({ pointer: place(pointer), message }))],
      pointerOf: (pointer) => place(pointerOf(pointer)),
    }));
  } catch (error) {
    throw withPlaces(error, place);
  }
};
