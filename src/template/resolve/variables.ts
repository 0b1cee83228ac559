import { bounds } from '../../base/bounds.ts';
import type { FieldErrors } from '../../base/field-errors.ts';
import { pointerTo } from '../../base/json/pointer.ts';
import { makeFill, textOf, type Fill, type Filled } from '../language/fill.ts';
import type { Frozen } from '../language/functions.ts';
import { ParseError } from '../../base/parse-error.ts';
import { didYouMean, quoted } from '../../base/nearest.ts';
import type { Patterns } from '../language/pattern.ts';
import type { Pause } from '../../base/turns.ts';
import { passwordVariables } from '../../openbsd/passwords/uses.ts';
import { bcryptForm } from '../../openbsd/passwords/forms.ts';
import { shortestSecret } from '../../base/mask/secret-words.ts';
import type { Template } from '../document/template.ts';

type Parts = {
  readonly template: Template;
  /** Undefined: no values have been sent yet, and required ones are unknown. */
  readonly sent: Readonly<Record<string, string>> | undefined;
  readonly frozen: Frozen;
  /** About the template, and about the sent values. */
  readonly wrong: FieldErrors;
  readonly wrongSent: FieldErrors;
  readonly secrets: Set<string>;
  readonly patterns: Patterns;
  readonly pause: Pause;
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
      wrongSent.add(pointerTo([name]), `the template has no such variable: ${didYouMean(name, names)}`);
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

type Judge = (name: string, value: Filled, told: FieldErrors, pointer: string) => Filled;

/** Judges values, and gives them back. Matching one with its pattern may take long, and is left for later. */
const makeJudge = ({ template, wrong, patterns }: Parts, later: (() => void)[]): Judge => {
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
    if (text.length > bounds.variableCharacters)
      told.add(pointer, `has more than ${bounds.variableCharacters} characters`);
    later.push(() => matchValue(name, text.slice(0, bounds.variableCharacters), told, pointer));
    if (declared.sensitive && text !== '' && text.length < shortestSecret)
      told.add(pointer, `is sensitive and shorter than ${shortestSecret} characters: it could not be masked in logs`);
    return value;
  };
};

/** The value of one variable: the sent one, or its default filled in. */
const valueOf = (name: string, { template, sent, wrong, wrongSent }: Parts, judge: Judge, fill: Fill): Filled => {
  const declared = template.variables[name];
  const isSecret = declared?.sensitive ?? false;
  const given = sent !== undefined && Object.hasOwn(sent, name) ? sent[name] : undefined;
  if (given !== undefined) return judge(name, { pieces: [given], isSecret }, wrongSent, pointerTo([name]));
  if (declared?.default === undefined) {
    if (sent === undefined) return { pieces: [{ unknown: name }], isSecret };
    if (declared?.required === true)
      wrongSent.add(
        pointerTo([name]),
        `is required${declared.description === undefined ? '' : `: ${declared.description}`}`,
      );
    return { pieces: declared?.required === true ? [{ unknown: name }] : [], isSecret };
  }
  const pointer = pointerTo(['variables', name, 'default']);
  const filled = wrong.attempt<Filled>(pointer, { pieces: [{ unknown: name }], isSecret }, () =>
    fill(declared.default ?? '', pointer),
  );
  return judge(name, { ...filled, isSecret: isSecret || filled.isSecret }, wrong, pointer);
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
  const values = new Map<string, Filled>();
  const underway: string[] = [];

  const secret = makeSecrets(parts);

  const judge = makeJudge(parts, judgements);

  const variable = (name: string): Filled | undefined => {
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
    if (value.isSecret) for (const piece of value.pieces) if (typeof piece === 'string') secret(piece);
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
