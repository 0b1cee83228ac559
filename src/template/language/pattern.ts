import { linePattern, wholePattern, type Pattern } from '../../base/pattern/pattern.ts';
import { translatePattern, type Anchors, type Refused } from '../../base/pattern/syntax.ts';
import { bounds } from '../../base/bounds.ts';
import { ParseError } from '../../base/text/parse-error.ts';

const refuse = <T extends object>(made: T | Refused): T => {
  if ('why' in made) throw new ParseError(made.why);
  return made;
};

const valuePattern = (text: string): Pattern => refuse(wholePattern(text));

/** Checks the form of a pattern, in time that grows with its length. Throws a ParseError. */
export const patternForm = (text: string): string => {
  refuse(translatePattern(text, 'lines'));
  return text;
};

/** Checks that a text is a regular expression as the console uses it. Throws a ParseError. */
export const patternOf = (text: string): string => refuse(linePattern(text)).text;

/**
 * Judges the patterns of one template, whose steps have a bound together: compiling takes time with each. What was
 * judged before costs nothing. Throws a ParseError.
 */
export const makePatterns = () => {
  const judged = new Set<string>();
  let stepsLeft: number = bounds.patternSteps;
  const spend = (text: string, anchors: Anchors) => {
    stepsLeft -= refuse(translatePattern(text, anchors)).steps;
    if (stepsLeft < 0)
      throw new ParseError(`is one pattern too many: those of a template may come to ${bounds.patternSteps} steps`);
  };
  return {
    /** A pattern for the console, as it is. */
    ofConsole: (text: string): string => {
      if (judged.has(text)) return text;
      spend(text, 'lines');
      judged.add(patternOf(text));
      return text;
    },
    /** The pattern that the whole of a value must match. */
    ofValue: (text: string): Pattern => {
      spend(text, 'whole');
      return valuePattern(text);
    },
  };
};

export type TemplatePatterns = ReturnType<typeof makePatterns>;
