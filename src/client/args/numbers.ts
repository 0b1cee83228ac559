import { usageError } from '../client-error.ts';

/** A whole number that an option gives, or undefined where it is missing. Throws `usage`. */
export const numberFrom = (text: string | undefined, option: string): number | undefined => {
  if (text === undefined) return undefined;
  if (!/^-?\d{1,9}$/.test(text)) throw usageError(`--${option} is ${JSON.stringify(text)}: write a whole number.`);
  return Number(text);
};

/** The same for a number that counts something. Throws `usage`. */
export const countFrom = (text: string | undefined, option: string): number | undefined => {
  const count = numberFrom(text, option);
  if (count !== undefined && count < 1) throw usageError(`--${option} is ${count}: write a number from 1.`);
  return count;
};

/** What `NAME=VALUE` says. Throws `usage`. */
export const pairFrom = (text: string, option: string): readonly [name: string, value: string] => {
  const at = text.indexOf('=');
  if (at < 1) throw usageError(`${option} ${JSON.stringify(text)} has no name: write NAME=VALUE.`);
  return [text.slice(0, at), text.slice(at + 1)];
};
