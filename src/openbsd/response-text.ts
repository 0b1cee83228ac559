import { fieldErrors } from '../base/field-errors.ts';
import { quoted } from '../base/text/nearest.ts';
import type { Text } from '../template/spec.ts';
import type { LineError } from './installer/field-errors.ts';
import { keyOf, seen, trimmed } from './installer/lines.ts';
import { judgeAnswers } from './judge-answers.ts';
import { tellLogin, type Answers, type AnswersParts } from './resolve-answers.ts';
import type { AnsweredFile } from './response-file.ts';

type Numbered = AnsweredFile & { readonly number: number };

// A response file has some dozens of lines; more are not looked at.
const mostLines = 500;

/** A line as the installer takes it apart; none where it is a comment, or has no "=". */
const lineOf = (raw: string, number: number, pointer: string): readonly Numbered[] => {
  const line = trimmed(raw);
  const cut = line.indexOf('=');
  if (cut < 1 || line.startsWith('#')) return [];
  const [question, value] = [trimmed(line.slice(0, cut)), trimmed(line.slice(cut + 1))];
  return [{ question, text: [value], line: { key: keyOf(question), value, pointer }, number }];
};

/**
 * The lines that the installer reads of a response file (install.sub, `_autorespond`). `unended`: the last one, where no
 * line break ends it: read(1) of ksh fails on it, so that the installer never sees it.
 */
const linesIn = (
  text: string,
  pointer: string,
): { readonly read: readonly Numbered[]; readonly unended: readonly Numbered[] } => {
  const all = text.split('\n', mostLines + 1);
  const ended = all.slice(0, -1).flatMap((line, index) => lineOf(line, index + 1, pointer));
  const last = all.length > mostLines ? '' : (all.at(-1) ?? '');
  return { read: ended, unended: lineOf(last, all.length, pointer) };
};

/**
 * Judges a response file that is served as it is. The installer would read it in the same way, so all that is found is
 * told, but as notes: imaged adds nothing to it, and a server or a lease may answer what it does not.
 */
export const judgeText = async (path: string, pointer: string, text: Text, parts: AnswersParts): Promise<Answers> => {
  const { read: lines, unended } = linesIn(seen(text), pointer);
  for (const { number, question } of unended)
    parts.notes.add(pointer, `line ${number}, ${quoted(question)}: no line break ends it, and the installer passes over such a line: end the text with one`); // prettier-ignore
  const others = fieldErrors();
  const judged = await judgeAnswers(path, lines, { ...parts, wrong: others }, 'as it is');
  if (judged === undefined) return { text, isSerial: true, takesUnverified: true };
  const placeOf = ({ line, message }: LineError) => {
    const one = line === undefined ? undefined : lines[line];
    return { line, pointer, message: one === undefined ? message : `line ${one.number}, ${quoted(one.question)}: ${message}` }; // prettier-ignore
  };
  for (const found of judged.errors.told)
    parts.notes.add(pointer, `${placeOf(found).message}: ${found.isPassedOver === true ? 'the installer passes over it' : 'the installation would fail'}`); // prettier-ignore
  for (const found of judged.remarks) parts.notes.add(pointer, placeOf(found).message);
  for (const { pointer: at, message } of others.told()) parts.notes.add(at, `${message}: the installation would fail`);
  tellLogin(judged, placeOf, parts);
  return { ...judged, text };
};
