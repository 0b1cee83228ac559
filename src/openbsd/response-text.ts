import { fieldErrors } from '../base/field-errors.ts';
import { quoted } from '../base/text/nearest.ts';
import type { Text } from '../template/spec.ts';
import type { LineError } from './installer/field-errors.ts';
import { keyOf, seen, trimmed } from './installer/lines.ts';
import { judgeAnswers } from './judge-answers.ts';
import { tellLogin, type Answers, type AnswersParts } from './resolve-answers.ts';
import type { Answered } from './response-file.ts';

type Numbered = Answered & { readonly number: number };

// A response file has some dozens of lines; more are not looked at.
const mostLines = 500;

/** The lines that the installer reads of a response file: not comments, and none without "=" (install.sub, `_autorespond`). */
const linesIn = (text: string, pointer: string): readonly Numbered[] =>
  text
    .split('\n', mostLines)
    .map(trimmed)
    .flatMap((line, index) => {
      const cut = line.indexOf('=');
      if (cut < 1 || line.startsWith('#')) return [];
      const [question, value] = [trimmed(line.slice(0, cut)), trimmed(line.slice(cut + 1))];
      return [{ question, text: [value], line: { key: keyOf(question), value, pointer }, number: index + 1 }];
    });

/**
 * Judges a response file that is served as it is. The installer would read it in the same way, so all that is found is
 * told, but as notes: imaged adds nothing to it, and a server or a lease may answer what it does not.
 */
export const judgeText = async (path: string, pointer: string, text: Text, parts: AnswersParts): Promise<Answers> => {
  const lines = linesIn(seen(text), pointer);
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
