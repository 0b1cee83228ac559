import { z } from 'zod';
import { atMost, bounds } from '../../base/bounds.ts';
import { strict, Words } from './words.ts';

const kinds = ['content', 'file', 'folder'] as const;

const Entry = strict({
  content: Words.optional().describe('the text itself; variables are filled in'),
  file: Words.min(1).optional().describe('a file as it is: of the context or `media:name/file`'),
  folder: Words.min(1).optional().describe('a folder with all below it'),
}).refine((entry) => kinds.filter((kind) => entry[kind] !== undefined).length === 1, {
  error: `needs exactly one of ${kinds.join(', ')}`,
});

/** A medium that a build makes of files; its label is of so many characters. */
const ofFiles = (labelCharacters: number) =>
  strict({
    label: Words.min(1)
      .max(200)
      .default('packer')
      .describe(`the volume label, of at most ${labelCharacters} characters: installers look for some`),
    files: z
      .record(z.string().max(bounds.pathCharacters), z.union([Words, Entry]))
      .refine(...atMost(bounds.mediumEntries, 'paths'))
      .describe('what is on it, by path; a string is a text, and the path of a folder may be empty'),
  });

/** ECMA-119, 8.4.7, as far as Joliet has room too. */
export const CdOfFiles = ofFiles(16).describe('a CD that is made of files, in a drive of its own');

/** FAT has eleven. */
export const FloppyOfFiles = ofFiles(11).describe('a floppy of 1440 KB that is made of files');

export type MediumOfFiles = z.output<typeof CdOfFiles>;
