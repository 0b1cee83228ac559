import type { RuntimeName, Text } from '../../template/spec.ts';

/** What stands for a value that is known only when the machine runs, or that no variable has given yet. */
const open = '\ue000';
const close = '\ue001';

/** A line of a response file as the installer reads it. */
export type InstallerLine = {
  /** In small letters, without blanks about it. */
  readonly key: string;
  /** Without blanks about it; with a mark for each placeholder. */
  readonly value: string;
  /** Where a client wrote it; undefined: imaged added it. */
  readonly pointer: string | undefined;
};

// The shell's `typeset -l`: ASCII alone.
const small = (text: string) => text.replace(/[A-Z]+/g, (capitals) => capitals.toLowerCase());

const isBlank = (character: string | undefined) => character === ' ' || character === '\t';

/** Without blanks about it. No regular expression: one for the end of a text tries every run of blanks in it. */
export const trimmed = (text: string): string => {
  let from = 0;
  let to = text.length;
  while (isBlank(text[from])) from += 1;
  while (to > from && isBlank(text[to - 1])) to -= 1;
  return text.slice(from, to);
};

/** A question as a line may hold it: compared without capitals. */
export const keyOf = (question: string): string => small(trimmed(question));

/**
 * Whether a line answers a question: its key is a run of whole words in it, behind the beginning or a blank and before
 * a blank, a question mark or the end (install.sub of OpenBSD, `_autorespond`).
 */
export const answers = (key: string, question: string): boolean => answersSmall(key, small(question));

const answersSmall = (key: string, asked: string): boolean => {
  for (let at = asked.indexOf(key); at >= 0 && key !== ''; at = asked.indexOf(key, at + 1)) {
    const before = asked[at - 1];
    const behind = asked[at + key.length];
    const isBegun = before === undefined || before === ' ' || before === '\t';
    if (isBegun && (behind === undefined || behind === '?' || behind === ' ' || behind === '\t')) return true;
  }
  return false;
};

/** Which of a template's lines answer a question, in their order. */
export type Index = { readonly count: number; readonly answering: (question: string) => readonly number[] };

/** The same questions are asked again and again, of each release and for each line that may be added. */
export const indexOf = (lines: readonly InstallerLine[]): Index => {
  const known = new Map<string, readonly number[]>();
  return {
    count: lines.length,
    answering: (question) => {
      const found = known.get(question);
      if (found !== undefined) return found;
      const asked = small(question);
      const made = lines.flatMap(({ key }, index) => (answersSmall(key, asked) ? [index] : []));
      known.set(question, made);
      return made;
    },
  };
};

export const placeholderFor = (runtime: RuntimeName | undefined): string => `${open}${runtime ?? '?'}${close}`;

/** A text as the installer will see it, as far as it is known. */
export const seen = (text: Text): string =>
  text.map((piece) => (typeof piece === 'string' ? piece : placeholderFor(piece.runtime))).join('');

export const isKnown = (value: string): boolean => !value.includes(open);

/** Whether a value names the machine's own endpoint. */
export const namesEndpoint = (value: string): boolean => value.includes(`${open}http_`);

/** The path below the endpoint that a URL of its own names: of `{{ http_url }}/a/b` it is `a/b`. */
export const endpointPath = (value: string): string | undefined => {
  const [, path] = new RegExp(`^(?:http://)?${open}http_(?:url|addr|ip)${close}(?::80)?/+([^?#]*)$`).exec(value) ?? [];
  return path;
};

/** The same for people: a placeholder is written as the template writes it. */
export const shownValue = (value: string): string => value.replaceAll(open, '{{ ').replaceAll(close, ' }}');
