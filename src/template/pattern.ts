import { performance } from 'node:perf_hooks';
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

// Only scripts can be given a time. The realm holds nothing else, and making one costs more than most matches.
const realm = createContext({});
const test = new Script('pattern.test(text)');
const timeoutCode = 'ERR_SCRIPT_EXECUTION_TIMEOUT';

/**
 * Makes the function that tells whether a client's pattern matches the whole of a client's text, within `budgetMs` for
 * all its calls: backtracking can take for ever, and the daemon has other things to do. It throws a Mistake when the
 * budget is spent.
 */
export const makeMatches = (budgetMs: number): ((pattern: string, text: string) => boolean) => {
  let leftMs = budgetMs;
  return (pattern, text) => {
    if (leftMs < 1) throw new Mistake(`was not tried: the patterns took more than ${budgetMs} ms: make them simpler`);
    const begun = performance.now();
    const spend = () => {
      leftMs -= performance.now() - begun;
    };
    try {
      Object.assign(realm, { pattern: new RegExp(`^(?:${pattern})$`, 's'), text });
      const found: unknown = test.runInContext(realm, { timeout: Math.ceil(leftMs) });
      spend();
      return found === true;
    } catch (error) {
      spend();
      // It may be an Error of the other realm, which is no instance of ours.
      const isTimeout = typeof error === 'object' && error !== null && 'code' in error && error.code === timeoutCode;
      if (!isTimeout) throw error;
      throw new Mistake(`takes more than ${budgetMs} ms to match: make the pattern simpler`);
    }
  };
};
