import { createContext, Script } from 'node:vm';
import { Mistake } from './mistake.ts';

/** Longer ones are not written by people, and cost time to compile. */
export const longestPattern = 1000;

/** Checks that a text is a regular expression as the console uses it (ECMAScript, flags `m` and `s`). Throws a Mistake. */
export const patternOf = (text: string): string => {
  if (text === '') throw new Mistake('is an empty pattern: it would match everything');
  if (text.length > longestPattern)
    throw new Mistake(`is a pattern of ${text.length} characters: ${longestPattern} is the most`);
  try {
    new RegExp(text, 'ms');
  } catch (error) {
    throw new Mistake(`is not a regular expression: ${error instanceof Error ? error.message : String(error)}`);
  }
  return text;
};

const longestMatchMs = 200;
// Only scripts can be given a time. The realm holds nothing else, and making one costs more than most matches.
const realm = createContext({});
const test = new Script('pattern.test(text)');
const timeoutCode = 'ERR_SCRIPT_EXECUTION_TIMEOUT';

/**
 * Whether a client's pattern matches the whole of a client's text. Within bounds: backtracking can take for ever, and
 * the daemon has other things to do meanwhile. Throws a Mistake when it takes too long.
 */
export const matchesWhole = (pattern: string, text: string): boolean => {
  try {
    Object.assign(realm, { pattern: new RegExp(`^(?:${pattern})$`, 's'), text });
    const found: unknown = test.runInContext(realm, { timeout: longestMatchMs });
    return found === true;
  } catch (error) {
    // It may be an Error of the other realm, which is no instance of ours.
    const isTimeout = typeof error === 'object' && error !== null && 'code' in error && error.code === timeoutCode;
    if (!isTimeout) throw error;
    throw new Mistake(`takes more than ${longestMatchMs} ms to match: make the pattern simpler`);
  }
};
