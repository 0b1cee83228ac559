import { z } from 'zod';
import { ParseError } from '../base/text/parse-error.ts';

/** What `read` makes of a text, for a schema: what it throws as a ParseError is what is wrong with the text. */
export const judgedBy =
  <T>(read: (text: string) => T) =>
  (text: string, context: z.core.$RefinementCtx<string>): T => {
    try {
      return read(text);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      context.addIssue(`"${text}" ${error.message}`);
      return z.NEVER;
    }
  };
