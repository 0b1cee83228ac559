import { bounds } from '../../base/bounds.ts';
import type { FieldErrors } from '../../base/field-errors.ts';
import { pointerTo } from '../../base/json/pointer.ts';
import {
  asType,
  textsOfValue,
  type Scalar,
  type VariableValue,
  type VariableValues,
} from '../../base/records/variable-value.ts';
import { filledScalar } from '../language/collections.ts';
import { isUnknown, makeFill, textOf, type Fill, type FilledText } from '../language/fill.ts';
import type { Frozen } from '../language/functions.ts';
import { ParseError } from '../../base/text/parse-error.ts';
import { didYouMean, quoted } from '../../base/text/nearest.ts';
import type { TemplatePatterns } from '../language/pattern.ts';
import type { Notes } from '../../base/notes.ts';
import type { TurnPause } from '../../base/turns.ts';
import { passwordVariables } from '../../openbsd/passwords/uses.ts';
import { bcryptForm } from '../../openbsd/passwords/forms.ts';
import { shortestSecret } from '../../base/mask/secret-words.ts';
import { isSensitive } from '../document/variables.ts';
import type { HostSecrets } from '../spec.ts';
import type { Template } from '../document/template.ts';

type Parts = {
  readonly template: Template;
  /** Undefined: no values have been sent yet, and required ones are unknown. */
  readonly sent: VariableValues | undefined;
  readonly hostSecrets: HostSecrets;
  readonly frozen: Frozen;
  /** About the template, and about the sent values. */
  readonly wrong: FieldErrors;
  readonly wrongSent: FieldErrors;
  readonly secrets: Set<string>;
  /** About the template. */
  readonly notes: Notes;
  readonly patterns: TemplatePatterns;
  readonly pause: TurnPause;
};

const checkSent = ({ template, sent = {}, wrongSent }: Parts) => {
  const names = Object.keys(template.variables);
  const sentNames = Object.keys(sent);
  if (sentNames.length > bounds.variables) {
    wrongSent.add('', `has ${sentNames.length} variables: ${bounds.variables} is the most`);
    return;
  }
  for (const name of sentNames)
    if (!Object.hasOwn(template.variables, name))
      wrongSent.add(pointerTo([name]), `is no variable of the template: ${didYouMean(name, names)}`);
};

/** Takes note of sensitive texts, as many as can be masked. */
const makeSecrets = ({ secrets, wrong }: Parts): ((text: string) => void) => {
  let characters = 0;
  return (text) => {
    if (text.length < shortestSecret || secrets.has(text)) return;
    characters += text.length;
    if (secrets.size === bounds.secrets) wrong.add('', `makes more than ${bounds.secrets} sensitive texts`);
    else if (characters > bounds.secretCharacters)
      wrong.add('', `makes sensitive texts of more than ${bounds.secretCharacters} characters in all`);
    else secrets.add(text);
  };
};

/** What must be masked of a sensitive value. */
const secretsIn = ({ pieces, value }: FilledText): readonly string[] =>
  typeof value === 'object' ? textsOfValue(value) : pieces.filter((piece) => typeof piece === 'string');

type Judge = (name: string, value: FilledText, told: FieldErrors, pointer: string) => FilledText;

/** Judges values, and gives them back. Matching one with its pattern may take long, and is left for later. */
const makeJudge = ({ template, wrong, patterns, notes }: Parts, later: (() => void)[]): Judge => {
  const passwords = passwordVariables(template);

  const matchValue = (name: string, text: string, told: FieldErrors, pointer: string) => {
    const pattern = template.variables[name]?.pattern;
    // A password was judged before it became its hash, which says nothing of it any more.
    if (pattern === undefined || (bcryptForm.test(text) && passwords.has(name))) return;
    const isFit = wrong.attempt(pointerTo(['variables', name, 'pattern']), true, () => {
      const { steps, matches } = patterns.ofValue(pattern);
      const most = Math.floor(bounds.matchWork / steps);
      if (text.length > most)
        throw new ParseError(`is for values of at most ${most} characters: a simpler one takes longer ones`);
      return matches(text);
    });
    if (!isFit) told.add(pointer, `must match ${quoted(pattern)}`);
  };

  return (name, value, told, pointer) => {
    const declared = template.variables[name];
    const text = textOf(value);
    if (declared === undefined || text === undefined) return value;
    const texts = typeof value.value === 'object' ? textsOfValue(value.value) : [text];
    if (texts.reduce((sum, { length }) => sum + length, 0) > bounds.variableCharacters)
      told.add(pointer, `has more than ${bounds.variableCharacters} characters`);
    judgeChoices(declared.choices, value.value ?? text, told, pointer);
    later.push(() => matchValue(name, text.slice(0, bounds.variableCharacters), told, pointer));
    if (isSensitive(declared) && texts.some((one) => one !== '' && one.length < shortestSecret))
      notes.add(
        pointerTo(['variables', name]),
        `is sensitive, and its value is shorter than ${shortestSecret} characters: it is not masked in logs`,
      );
    return value;
  };
};

/** Every text, number or bool in the value must be one of the choices. */
const judgeChoices = (
  choices: readonly Scalar[] | undefined,
  value: VariableValue,
  told: FieldErrors,
  pointer: string,
): void => {
  if (choices === undefined) return;
  const shown = choices.map((choice) => JSON.stringify(choice)).join(', ');
  const isFit = (typeof value === 'object' ? Object.values(value) : [value]).every((one) => choices.includes(one));
  if (!isFit) told.add(pointer, `is none of ${shown}`);
};

const filledFrom = (value: VariableValue, isSecret: boolean): FilledText =>
  typeof value === 'object' ? { pieces: [], isSecret, value } : filledScalar(value, isSecret);

/** The default, with the texts in it filled in. */
const defaultOf = (value: VariableValue, pointer: string, isSecret: boolean, fill: Fill): FilledText => {
  if (typeof value === 'string') {
    const filled = fill(value, pointer);
    return { ...filled, isSecret: isSecret || filled.isSecret };
  }
  if (typeof value !== 'object') return filledScalar(value, isSecret);
  let isAnySecret = isSecret;
  let missing: FilledText | undefined;
  const entries = Object.entries(value).map(([key, one]): readonly [string, Scalar] => {
    if (typeof one !== 'string') return [key, one];
    const filled = fill(one, `${pointer}${pointerTo([key])}`);
    isAnySecret ||= filled.isSecret;
    if (isUnknown(filled)) missing = filled;
    const text = isUnknown(filled) ? '' : textOf(filled);
    if (text === undefined) throw new ParseError('a list or a map must be known when the build is asked for');
    return [key, text];
  });
  if (missing !== undefined) return { ...missing, isSecret: isAnySecret };
  const made = Array.isArray(value) ? entries.map(([, one]) => one) : Object.fromEntries(entries);
  return { pieces: [], isSecret: isAnySecret, value: made };
};

/** The value of one variable: the sent one, or its default filled in. */
const valueOf = (
  name: string,
  { template, sent, hostSecrets, wrong, wrongSent }: Parts,
  judge: Judge,
  fill: Fill,
): FilledText => {
  const declared = template.variables[name];
  const isSecret = declared !== undefined && isSensitive(declared);
  const given = sent !== undefined && Object.hasOwn(sent, name) ? sent[name] : undefined;
  const unknown: FilledText = { pieces: [{ unknown: name }], isSecret };
  if (declared?.secret !== undefined) {
    if (given !== undefined)
      wrongSent.add(pointerTo([name]), `has the secret "${declared.secret}" of this host for its value: send none`);
    const value = hostSecrets.get(declared.secret)?.value;
    if (value === undefined) return unknown;
    return judge(name, filledFrom(value, isSecret), wrong, pointerTo(['variables', name, 'secret']));
  }
  if (given !== undefined) {
    const value = wrongSent.attempt(pointerTo([name]), undefined, () => asType(given, declared?.type ?? 'string'));
    return value === undefined ? unknown : judge(name, filledFrom(value, isSecret), wrongSent, pointerTo([name]));
  }
  if (declared?.default === undefined) {
    if (sent === undefined) return unknown;
    if (declared?.required === true)
      wrongSent.add(
        pointerTo([name]),
        `is required${declared.description === undefined ? '' : `: ${declared.description}`}`,
      );
    return declared?.required === true ? unknown : { pieces: [], isSecret };
  }
  const pointer = pointerTo(['variables', name, 'default']);
  const { default: value } = declared;
  const filled = wrong.attempt<FilledText>(pointer, unknown, () => defaultOf(value, pointer, isSecret, fill));
  return judge(name, filled, wrong, pointer);
};

/**
 * Gives every variable its value: the sent one, which is never looked into, or its default with what that refers to.
 * Everything wrong becomes a field error. Gives the function that fills in the template's texts.
 */
export const fillFrom = async (parts: Parts): Promise<Fill> => {
  const { template, frozen, wrong, patterns, pause } = parts;
  checkSent(parts);
  const names = Object.keys(template.variables);
  const judgements: (() => void)[] = [];
  const values = new Map<string, FilledText>();
  const underway: string[] = [];

  const secret = makeSecrets(parts);

  const judge = makeJudge(parts, judgements);

  const variable = (name: string): FilledText | undefined => {
    if (!Object.hasOwn(template.variables, name)) return undefined;
    const known = values.get(name);
    if (known !== undefined) return known;
    if (underway.includes(name))
      throw new ParseError(`variables refer to each other in a circle: ${[...underway, name].join(' -> ')}`);
    if (underway.length > 50) throw new ParseError('variables refer to each other more than 50 deep');
    underway.push(name);
    const value = valueOf(name, parts, judge, fill);
    underway.pop();
    values.set(name, value);
    if (value.isSecret) for (const text of secretsIn(value)) secret(text);
    return value;
  };

  const fill = makeFill({ frozen, templateName: template.name, variable, variableNames: names, onSecret: secret });
  for (const name of names) {
    await pause();
    variable(name);
  }
  for (const [name, { pattern }] of Object.entries(template.variables)) {
    await pause();
    if (pattern !== undefined)
      wrong.attempt(pointerTo(['variables', name, 'pattern']), undefined, () => void patterns.ofValue(pattern));
  }
  for (const judgement of judgements) {
    await pause();
    judgement();
  }
  return fill;
};
