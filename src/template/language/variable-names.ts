import { parseText, type Term } from './expression.ts';
import { ParseError } from '../../base/text/parse-error.ts';

const inTerm = (term: Term): readonly string[] => {
  if (term.kind === 'text') return [];
  if (term.kind === 'name') return [term.name];
  const [first] = term.args;
  if (term.name === 'user' && first?.kind === 'text') return [first.text];
  return term.args.flatMap(inTerm);
};

const partsOf = (text: string): ReturnType<typeof parseText> => {
  if (!text.includes('{{')) return [text];
  try {
    return parseText(text);
  } catch (error) {
    // `fill` reports it.
    if (!(error instanceof ParseError)) throw error;
    return [text];
  }
};

/** The names that a text refers to: variables, and what else has a name. */
export const namesIn = (text: string): readonly string[] =>
  partsOf(text).flatMap((part) => (typeof part === 'string' ? [] : inTerm(part)));

/** The one name that a text consists of, with nothing around it and no function applied; else undefined. */
export const onlyNameIn = (text: string): string | undefined => {
  const [part, more] = partsOf(text);
  if (more !== undefined || part === undefined || typeof part === 'string') return undefined;
  if (part.kind === 'name') return part.path.length === 0 ? part.name : undefined;
  const [first, another] = part.kind === 'call' && part.name === 'user' ? part.args : [];
  return first?.kind === 'text' && another === undefined ? first.text : undefined;
};
