import type { FieldErrors } from '../../base/field-errors.ts';
import type { Fields } from '../../template/resolve/fields.ts';

/** The words that a command may hold: Packer's name for each, by its own, and whether it stands for something. */
export type CommandWords = Readonly<Record<string, { readonly packer: string; readonly isThere: boolean }>>;

const longest = 4096;

// Of Go's conditions those that Packer's commands have: {{if .Sudo}} and {{if ne .Version ""}}, the innermost first.
const condition =
  /\{\{-?\s*if\s+(?:ne\s+)?\.(\w+)(?:\s+"")?\s*-?\}\}((?:(?!\{\{-?\s*(?:if|end)\b)[^])*)\{\{-?\s*end\s*-?\}\}/g;
const mostNested = 8;

/** A command without conditions: what stands for nothing is known when the template is read. */
export const withoutConditions = (command: string, words: CommandWords): string => {
  const there = new Set(
    Object.values(words)
      .filter(({ isThere }) => isThere)
      .map(({ packer }) => packer),
  );
  let now = command;
  for (let depth = 0; depth < mostNested && /\{\{-?\s*if\s/.test(now); depth++)
    now = now.replace(condition, (_, name: string, body: string) => (there.has(name) ? body : ''));
  return now;
};

type Place = { readonly pointer: string; readonly fields: Fields; readonly wrong: FieldErrors };

/**
 * A command of a template with its variables filled in, in which its own words still stand as `{{ word }}`; see
 * `fillCommand`. Empty after a field error.
 */
export const resolveCommand = (raw: string, words: CommandWords, { pointer, fields, wrong }: Place): string => {
  if (raw.length > longest) wrong.add(pointer, `has more than ${longest} characters`);
  const marks = Object.keys(words).map((own) => [own, `{{ ${own} }}`] as const);
  const named = marks.flatMap(([own, mark]) => [
    [own, mark] as const,
    [`.${words[own]?.packer ?? own}`, mark] as const,
  ]);
  const plain = withoutConditions(raw.slice(0, longest), words);
  const command = fields.early(pointer, plain, Object.fromEntries(named));
  if (command === undefined) return '';
  // The words are put in by their names, so no value may bring such a name along.
  const nameless = Object.fromEntries(named.map(([name]) => [name, '']));
  if (fields.early(pointer, plain, nameless)?.includes('{{') === true) wrong.add(pointer, 'holds "{{" in a value');
  return command;
};

/** Whether a command that was resolved holds a word. */
export const holdsWord = (command: string, word: string): boolean => command.includes(`{{ ${word} }}`);

/** Puts the words in. */
export const fillCommand = (command: string, words: Readonly<Record<string, string>>): string =>
  command.replace(/\{\{ (\w+) \}\}/g, (mark, name: string) => words[name] ?? mark);
