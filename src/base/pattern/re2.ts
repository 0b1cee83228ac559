/** Patterns in the words of RE2, for what reads them as Go does: with all groups of a match. */

import { RE2JS, RE2JSException } from 're2js';
import { translatePattern, type Refused } from './syntax.ts';

export type Re2Match = {
  readonly text: string;
  readonly from: number;
  readonly to: number;
  /** From the first group on; undefined for one that has no part in the match. */
  readonly groups: readonly (string | undefined)[];
};

type MatchOptions = { readonly most?: number; readonly before?: (from: number) => void };

export type Re2 = {
  /** What it comes to: the time for a character is at most in proportion. */
  readonly steps: number;
  /** How many groups it has, those with names among them. */
  readonly groups: number;
  readonly names: readonly { readonly name: string; readonly group: number }[];
  /**
   * All matches that do not overlap, or the first few. The search for one may go to the end of the text, however short the
   * match is: `before` is told from where it begins, and may throw. As in Go, there is no empty match where one has ended.
   */
  readonly matches: (text: string, options?: MatchOptions) => readonly Re2Match[];
};

export const compileRe2 = (text: string): Re2 | Refused => {
  // Bounded as every pattern is; what it is translated to is meant for other readers.
  // An empty pattern is one here: Go's regexp finds it between any two characters.
  const judged = translatePattern(text === '' ? '(?:)' : text, 'whole');
  if ('why' in judged) return judged;
  try {
    const pattern = RE2JS.compile(text);
    const names = Object.entries(pattern.namedGroups()).map(([name, group]) => ({ name, group }));
    return {
      steps: judged.steps,
      groups: pattern.groupCount(),
      names,
      matches: (whole, { most = Infinity, before } = {}) => {
        const matcher = pattern.matcher(whole);
        const found: Re2Match[] = [];
        let end = -1;
        while (found.length < most) {
          before?.(Math.max(end, 0));
          if (!matcher.find()) break;
          const isAccepted = matcher.start() !== matcher.end() || matcher.start() !== end;
          end = matcher.end();
          if (!isAccepted) continue;
          const groups = Array.from(
            { length: matcher.groupCount() },
            (_, index) => matcher.group(index + 1) ?? undefined,
          );
          found.push({ text: matcher.group() ?? '', from: matcher.start(), to: matcher.end(), groups });
        }
        return found;
      },
    };
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return { why: `is not a regular expression of RE2: ${error.message.replace(/^error parsing regexp: /, '')}` };
  }
};
