import { asText, callOnCollection, partOf } from './collections.ts';
import { parseText, type Term } from './expression.ts';
import {
  callFunction,
  type FunctionName,
  functionNames,
  isFunction,
  isRuntimeFunction,
  packerFunctions,
  runtimeBuildFacts,
  type Frozen,
} from './functions.ts';
import { bounds } from '../../base/bounds.ts';
import { ParseError, placeIn } from '../../base/text/parse-error.ts';
import { didYouMean, quoted } from '../../base/text/nearest.ts';
import type { VariableValue } from '../../base/records/variable-value.ts';
import { runtimeNames, type RuntimeName, type Text } from '../spec.ts';

/** A placeholder for the value of a variable that was not sent yet: a template is judged before its variables are known. */
export type Unknown = { readonly unknown: string };

/**
 * A text filled in as far as it can be. `isSecret`: something sensitive is in it. `value` is there for a variable that is
 * no text; a list or a map has no pieces.
 */
export type FilledText = {
  readonly pieces: readonly (Text[number] | Unknown)[];
  readonly isSecret: boolean;
  readonly value?: Exclude<VariableValue, string>;
};

/** `own` has names that mean something in this text alone. */
export type Fill = (text: string, place: string, own?: Readonly<Record<string, string>>) => FilledText;

const dotted: Readonly<Record<string, RuntimeName>> = {
  '.HTTPIP': 'http_ip',
  '.HTTPPort': 'http_port',
  '.Name': 'vm_name',
  '.SSHPublicKey': 'ssh_public_key',
};

export const isRuntimeName = (name: string): name is RuntimeName => runtimeNames.some((runtime) => runtime === name);

/** Counts what is made of a template: a few lines of it could otherwise ask for gigabytes, or for minutes. */
const makeBudget = () => {
  const left: Record<'text' | 'functions' | 'terms', number> = {
    text: bounds.characters,
    functions: bounds.functionCharacters,
    terms: bounds.terms,
  };
  return {
    text: (characters: number): void => {
      left.text -= characters;
      if (left.text < 0) throw new ParseError(`the template's texts come to more than ${bounds.characters} characters`);
    },
    functions: (characters: number): void => {
      left.functions -= characters;
      if (left.functions < 0)
        throw new ParseError(`the template's functions make more than ${bounds.functionCharacters} characters`);
    },
    term: (): void => {
      left.terms -= 1;
      if (left.terms < 0) throw new ParseError(`the template has more than ${bounds.terms} placeholders and calls`);
    },
  };
};

const unknownName = (name: string, variableNames: readonly string[]): ParseError => {
  const hint = Object.hasOwn(packerFunctions, name) ? packerFunctions[name] : undefined;
  if (hint !== undefined) return new ParseError(`{{ ${name} }} is not there: ${hint}`);
  const names = name.startsWith('.') ? Object.keys(dotted) : [...variableNames, ...runtimeNames, ...functionNames];
  const words = `{{ ${name} }} is unknown: ${didYouMean(name, names)}`;
  if (!/[.A-Z]/.test(name)) return new ParseError(words);
  return new ParseError(`${words.replace(/[^?]$/, '$&.')} What another program is to read begins with {{ \`{{\` }}`);
};

type Pieces = FilledText['pieces'];

/** The runtime value, where that is all that a function is given. */
const runtimeAlone = (args: readonly FilledText[]): Exclude<Text[number], string> | undefined => {
  const [only, ...rest] = args.flatMap((arg) => arg.pieces);
  if (args.length !== 1 || rest.length > 0) return undefined;
  return typeof only === 'object' && 'runtime' in only ? only : undefined;
};

/** The same with texts that stand side by side made one, and no empty one. */
const joined = (pieces: Pieces): Pieces => {
  const all: Pieces[number][] = [];
  for (const piece of pieces) {
    const last = all.at(-1);
    if (typeof piece === 'string' && typeof last === 'string') all[all.length - 1] = last + piece;
    else if (piece !== '') all.push(piece);
  }
  return all;
};

type Parts = {
  readonly frozen: Frozen;
  readonly templateName: string;
  readonly variable: (name: string) => FilledText | undefined;
  readonly variableNames: readonly string[];
  readonly onSecret: (value: string) => void;
};

/** The variable that Packer's function `user` names. */
const userVariable = ([name, ...others]: readonly Term[], { variable, variableNames }: Parts): FilledText => {
  if (name?.kind !== 'text' || others.length > 0)
    throw new ParseError('user takes the name of one variable: {{user `name`}}');
  const found = variable(name.text);
  if (found === undefined)
    throw new ParseError(`there is no variable ${quoted(name.text)}: ${didYouMean(name.text, variableNames)}`);
  return found;
};

const runtimeNamed = (name: string): FilledText | undefined => {
  const runtime = isRuntimeName(name) ? name : Object.hasOwn(dotted, name) ? dotted[name] : undefined;
  return runtime === undefined ? undefined : { pieces: [{ runtime, apply: [] }], isSecret: false };
};

/** What Packer's `build` names, where the machine tells it. */
const runtimeFact = ({ name, args }: Extract<Term, { kind: 'call' }>): FilledText | undefined => {
  const [key, ...others] = args;
  if (name !== 'build' || key?.kind !== 'text' || others.length > 0) return undefined;
  const runtime = Object.hasOwn(runtimeBuildFacts, key.text) ? runtimeBuildFacts[key.text] : undefined;
  return runtime === undefined ? undefined : { pieces: [{ runtime, apply: [] }], isSecret: false };
};

/** What is wrong with a value is told with its place in the text. */
const withPlace = (text: string, term: Term, make: () => FilledText): FilledText => {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof ParseError) || error.place !== undefined || term.kind === 'text') throw error;
    throw new ParseError(error.message, placeIn(text, term.at));
  }
};

/**
 * Makes the function that fills texts in. What it puts in is never looked at again, so a value may hold `{{`.
 * `variable` gives a variable's value, undefined when there is none of that name. `onSecret` is told what a function
 * made of a sensitive value. It throws ParseErrors.
 */
export const makeFill = (parts: Parts): Fill => {
  const spend = makeBudget();

  const made = (text: string, isSecret: boolean): FilledText => {
    spend.functions(text.length);
    if (isSecret) parts.onSecret(text);
    return { pieces: [text], isSecret };
  };

  const lookUp = ({ name, path }: Extract<Term, { kind: 'name' }>, place: string): FilledText => {
    // What a template declares is what it means, also where imaged has the name for something else.
    const declared = parts.variable(name);
    if (declared !== undefined) return partOf(declared, name, path);
    if (path.length > 0) throw unknownName([name, ...path].join('.'), parts.variableNames);
    const runtime = runtimeNamed(name);
    if (runtime !== undefined) return runtime;
    if (isFunction(name)) return call(name, [], place);
    throw unknownName(name, parts.variableNames);
  };

  const call = (name: FunctionName, args: readonly FilledText[], place: string): FilledText => {
    const isSecret = args.some((arg) => arg.isSecret);
    const unknown = args.flatMap((arg) => arg.pieces).find((piece) => typeof piece === 'object' && 'unknown' in piece);
    if (unknown !== undefined) return { pieces: [unknown], isSecret };
    const runtime = isRuntimeFunction(name) ? runtimeAlone(args) : undefined;
    if (runtime !== undefined) return { pieces: [{ ...runtime, apply: [...runtime.apply, name] }], isSecret };
    const collected = callOnCollection(name, args);
    if (collected !== undefined) return made(collected, isSecret);
    const texts = args.map((arg) => textOf(arg));
    if (!texts.every((text) => text !== undefined))
      throw new ParseError(`${name} cannot be used here: what it is given is known only when the machine runs`);
    // A function takes time for what it is given, too.
    spend.functions(texts.reduce((sum, one) => sum + one.length, 0));
    return made(callFunction(name, texts, { ...parts, place }), isSecret);
  };

  const value = (term: Term, place: string, own: Readonly<Record<string, string>>): FilledText => {
    spend.term();
    if (term.kind === 'text') return { pieces: [term.text], isSecret: false };
    const ownText = term.kind === 'name' && Object.hasOwn(own, term.name) ? own[term.name] : undefined;
    if (ownText !== undefined) return { pieces: [ownText], isSecret: false };
    if (term.kind === 'name') return lookUp(term, `${place}:${term.at}`);
    if (term.name === 'user') return userVariable(term.args, parts);
    // What is wrong in what it is given would hide that there is no such function.
    if (!isFunction(term.name)) throw unknownName(term.name, parts.variableNames);
    return runtimeFact(term) ?? call(term.name, term.args.map((arg) => value(arg, place, own)), `${place}:${term.at}`); // prettier-ignore
  };

  return (text, place, own = {}) => {
    const filled = parseText(text).map((part) =>
      typeof part === 'string'
        ? { pieces: [part], isSecret: false }
        : withPlace(text, part, () => asText(value(part, place, own), text)),
    );
    const pieces = filled.flatMap((part) => part.pieces);
    // Before they are put together: that is what costs.
    for (const piece of pieces) spend.text(typeof piece === 'string' ? piece.length : 0);
    return { pieces: joined(pieces), isSecret: filled.some((part) => part.isSecret) };
  };
};

/** The text when all of it is known, else undefined. */
export const textOf = ({ pieces }: FilledText): string | undefined =>
  pieces.every((piece) => typeof piece === 'string') ? pieces.join('') : undefined;

/** The first of the runtime values in it. */
export const firstRuntimeName = ({ pieces }: FilledText): RuntimeName | undefined =>
  pieces.flatMap((piece) => (typeof piece === 'object' && 'runtime' in piece ? [piece.runtime] : []))[0];

/** Whether a variable's value is missing in it. */
export const isUnknown = ({ pieces }: FilledText): boolean =>
  pieces.some((piece) => typeof piece === 'object' && 'unknown' in piece);
