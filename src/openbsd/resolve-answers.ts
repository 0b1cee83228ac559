import type { Notes } from '../base/notes.ts';
import type { Text } from '../template/spec.ts';
import type { LineError } from './installer/field-errors.ts';
import { judgeAnswers, type JudgeParts, type Judged } from './judge-answers.ts';
import { renderAnswers, type AnsweredFile } from './response-file.ts';

export type AnswersParts = JudgeParts & {
  readonly notes: Notes;
  /** imaged holds the conversation with the installer: what the response file says is all that there is. */
  readonly isHeldByImaged: boolean;
};

/** What the installed system will be like, for what comes after the installation. */
export type Answers = { readonly text: Text; readonly isSerial: boolean; readonly takesUnverified: boolean };

/** A build that could never log in is wrong, unless something could change that. */
export const tellLogin = (
  { login }: Judged,
  placeOf: (found: LineError) => LineError & { readonly pointer: string },
  { wrong, notes, isHeldByImaged }: AnswersParts,
): void => {
  for (const found of login.told) {
    const { pointer, message } = placeOf(found);
    if (login.isSure && isHeldByImaged) wrong.add(found.line === undefined ? '/communicator' : pointer, message);
    else notes.add(pointer, `${message}; only a site set, or the conversation itself, could change that`);
  }
};

/** The response file that answers make, with what imaged adds to them. Everything wrong becomes a field error. */
export const resolveAnswers = async (
  path: string,
  pointer: string,
  answered: readonly AnsweredFile[] | undefined,
  parts: AnswersParts,
): Promise<Answers> => {
  if (answered === undefined) return { text: [], isSerial: true, takesUnverified: true };
  const judged = await judgeAnswers(path, answered, parts, 'may add');
  if (judged === undefined) return { text: renderAnswers(answered), isSerial: true, takesUnverified: true };
  const placeOf = (found: LineError) => ({
    ...found,
    pointer: (found.line === undefined ? undefined : answered[found.line]?.line.pointer) ?? pointer,
  });
  const { errors, remarks } = judged;
  parts.wrong.more(errors.count - errors.told.length);
  for (const { pointer: at, message } of errors.told.map(placeOf)) parts.wrong.add(at, message);
  for (const { pointer: at, message } of remarks.map(placeOf)) parts.notes.add(at, message);
  tellLogin(judged, placeOf, parts);
  return judged;
};
