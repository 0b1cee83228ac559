import type { FieldErrors } from '../base/field-errors.ts';
import { pointerTo } from '../base/json/pointer.ts';
import type { Fields } from '../template/resolve/fields.ts';
import { placeholderFor, keyOf, seen, trimmed, type InstallerLine } from './installer/lines.ts';
import { bounds } from '../base/bounds.ts';
import { ParseError } from '../base/text/parse-error.ts';
import { quoted } from '../base/text/nearest.ts';
import { hashPassword } from './passwords/hash.ts';
import { isPasswordKey, kindOfPassword } from './passwords/forms.ts';
import { questionPattern } from './question-pattern.ts';
import type { Template } from '../template/document/template.ts';
import type { Text } from '../template/spec.ts';
import { namesIn } from '../template/language/variable-names.ts';

export type Autoinstall = NonNullable<Exclude<Template['http'][string], string>['autoinstall']>;

/** One answer as it will be served, and as the installer will read it. */
export type AnsweredFile = { readonly question: string; readonly text: Text; readonly line: InstallerLine };

type Parts = {
  readonly template: Template;
  readonly fields: Fields;
  readonly wrong: FieldErrors;
  /** Differs from build to build. */
  readonly seed: string;
};

const oneLine = (part: string) => {
  if (part.length > bounds.answerCharacters)
    throw new ParseError(`has more than ${bounds.answerCharacters} characters`);
  if (/[\r\n]/.test(part))
    throw new ParseError('holds a line break: the installer would take the rest as another answer');
};

// The words of a field error must not show it.
const judgePassword = (raw: string, at: string, { template, fields, wrong }: Parts): string | undefined => {
  const names = namesIn(raw).filter((name) => Object.hasOwn(template.variables, name));
  if (names.length > 0 && !fields.isSecret(at, raw))
    for (const name of names)
      wrong.add(pointerTo(['variables', name]), 'is used for a password: it must have "sensitive": true');
  const password = fields.early(at, raw);
  if (password === undefined) return undefined;
  const isFit = wrong.attempt(at, false, () => {
    oneLine(password);
    return kindOfPassword(password) !== undefined;
  });
  return isFit ? password : undefined;
};

const passwordText = async (raw: string, at: string, parts: Parts): Promise<Text> => {
  const password = judgePassword(raw, at, parts);
  if (password === undefined) return [];
  return [kindOfPassword(password) === 'ready' ? password : await hashPassword(password, `${parts.seed}\n${at}`)];
};

const answerOf = async (question: string, raw: string, at: string, parts: Parts): Promise<AnsweredFile> => {
  const made = (text: Text, isWhole: boolean): AnsweredFile => ({
    question,
    text,
    line: { key: keyOf(question), value: isWhole ? trimmed(seen(text)) : placeholderFor(undefined), pointer: at },
  });
  if (!isPasswordKey(question)) {
    const { text, isWhole } = parts.fields.answer(at, raw, oneLine);
    const usesKey = text.some((piece) => typeof piece === 'object' && piece.runtime === 'ssh_public_key');
    if (usesKey && parts.template.communicator?.type !== 'ssh')
      parts.wrong.add(at, 'uses {{ ssh_public_key }}, and there is no "communicator" for which a key would be made');
    return made(text, isWhole && !text.some((piece) => typeof piece === 'string' && /[\r\n]/.test(piece)));
  }
  const text = await passwordText(raw, at, parts);
  return made(text, text.length > 0);
};

/**
 * The answers of a template, in their order; undefined when a question is not known yet. What cannot be a line of a
 * response file becomes a field error; a plain password becomes its hash.
 */
export const readAnswers = async (
  asked: Autoinstall,
  pointer: string,
  parts: Parts,
): Promise<readonly AnsweredFile[] | undefined> => {
  const { fields } = parts;
  const all: AnsweredFile[] = [];
  let isWhole = true;
  for (const [question, answer] of Object.entries(asked))
    for (const [index, one] of (typeof answer === 'string' ? [answer] : answer).entries()) {
      await fields.pause();
      const at = pointer + pointerTo([question]) + (typeof answer === 'string' ? '' : `/${index}`);
      const made = fields.early(at, question);
      if (made === undefined) isWhole = false;
      else if (!questionPattern.test(made))
        fields.made(at, '', '', () => {
          throw new ParseError(`${quoted(made)} cannot be a question of a response file`);
        });
      else if (isPasswordKey(made) && !isPasswordKey(question))
        fields.made(at, '', '', () => {
          throw new ParseError('asks for a password by a variable: write the word "Password" into the question itself');
        });
      all.push(await answerOf(made ?? '', one, at, parts));
    }
  return isWhole ? all : undefined;
};

/** A response file: a line for each answer. */
export const renderAnswers = (answers: readonly { readonly question: string; readonly text: Text }[]): Text =>
  answers.flatMap(({ question, text }): Text => [`${question} = `, ...text, '\n']);
