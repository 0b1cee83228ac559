import { z } from 'zod';
import { strict, Words } from './words.ts';

/** A line of a response file is skipped when it begins with "#", and cut at its first "=" (install.sub of OpenBSD). */
export const questionPattern = /^[ \t]*[^ \t=#\r\n][^=\r\n]*$/;

const httpKinds = ['content', 'file', 'folder', 'autoinstall'] as const;

const HttpAnswer = strict({
  content: Words.optional().describe('the text itself; variables are filled in when it is asked for'),
  type: z
    .string()
    .regex(/^[a-z0-9.+-]+\/[a-z0-9.+-]+(; ?charset=[a-z0-9-]+)?$/i, 'is not a media type such as "text/plain"')
    .optional()
    .describe('media type of `content`'),
  file: Words.min(1).optional().describe('a file, served as it is: of the context or `media:name/file`'),
  folder: Words.min(1).optional().describe('a folder, served with all below it'),
  autoinstall: z
    .record(
      Words.regex(
        questionPattern,
        'cannot be a question of a response file: it must have a word, no "=" and no "#" in front',
      ),
      z.union([Words, z.array(Words).min(1).max(100)]),
    )
    .optional()
    .describe("OpenBSD's response file: questions and answers; several answers to one question are given in turn"),
})
  .refine((answer) => httpKinds.filter((kind) => answer[kind] !== undefined).length === 1, {
    error: `needs exactly one of ${httpKinds.join(', ')}`,
  })
  .refine((answer) => answer.type === undefined || answer.content !== undefined, 'has a "type" without "content"');

export const Http = z
  .record(z.string().max(1000), z.union([Words, HttpAnswer]))
  .default({})
  .describe("what the machine's own endpoint serves, by path; a string is a text");
