import { z } from 'zod';
import { atMost, bounds } from '../../base/bounds.ts';
import { isPasswordKey } from '../../openbsd/passwords/forms.ts';
import { questionPattern } from '../../openbsd/question-pattern.ts';
import { strict, Words } from './words.ts';

const httpKinds = ['content', 'file', 'folder', 'autoinstall', 'disklabel', 'site'] as const;

const Partition = strict({
  mount: Words.min(1).max(1000).describe('mount point, or `swap`; the first is `/`'),
  size: Words.min(1)
    .max(100)
    .describe('least and most size: `2G`, `2G-8G`, `2G-*`, or `*`, with K, M, G or T behind the number'),
  percent: z
    .int()
    .min(0)
    .max(100)
    .optional()
    .describe('its share of what the least sizes leave; the last takes the rest'),
});

const Site = strict({
  folder: Words.min(1).optional().describe('a folder of the context, whose files come to their paths below `/`'),
  install_site: Words.min(1)
    .optional()
    .describe('a script that runs in the new system before its first boot: `/install.site`'),
  rc_firsttime: Words.min(1)
    .optional()
    .describe('a file of commands that the first boot runs: appended to /etc/rc.firsttime'),
}).refine((site) => Object.values(site).some((part) => part !== undefined), {
  error: 'needs at least one of "folder", "install_site" and "rc_firsttime"',
});

const HttpAnswer = strict({
  content: z
    .union([Words, z.array(Words).max(bounds.inlineLines)])
    .optional()
    .describe('the text itself, or a list of its lines; variables are filled in when it is asked for'),
  type: z
    .string()
    .regex(/^[a-z0-9.+-]+\/[a-z0-9.+-]+(; ?charset=[a-z0-9-]+)?$/i, 'is not a media type such as "text/plain"')
    .optional()
    .describe('media type of `content`, or of a rendered `file`'),
  file: Words.min(1).optional().describe('a file, served as it is: of the context or `media:name/file`'),
  render: z
    .boolean()
    .optional()
    .describe('fill the placeholders of `file` in, as those of `content`: a text in UTF-8 of at most 256 KiB'),
  folder: Words.min(1).optional().describe('a folder, served with all below it'),
  autoinstall: z
    .record(
      Words.regex(
        questionPattern,
        'cannot be a question of a response file: it must have a word, no "=" and no "#" in front',
      ),
      z.union([Words, z.array(Words).min(1).max(bounds.answersToOne)]),
    )
    .refine(...atMost(bounds.questions, 'questions'))
    .refine(
      (answers) => Object.values(answers).flat().length <= bounds.responseLines,
      `has more than ${bounds.responseLines} answers`,
    )
    .optional()
    .describe(
      "OpenBSD's response file: questions and answers, judged as the installer would; several answers to one question are given in turn; what can be answered without asking is added; passwords are hashed before they are stored",
    ),
  disklabel: z
    .array(Partition)
    .min(1)
    .max(bounds.partitions)
    .optional()
    .describe('an autopartitioning template for disklabel(8): the partitions of the root disk, in their order'),
  site: Site.optional().describe("OpenBSD's site set siteNN.tgz or siteNN-HOST.tgz, packed from the context"),
})
  .refine((answer) => httpKinds.filter((kind) => answer[kind] !== undefined).length === 1, {
    error: `needs exactly one of ${httpKinds.join(', ')}`,
  })
  .refine((answer) => answer.render === undefined || answer.file !== undefined, 'has "render" without "file"')
  .refine(
    (answer) => answer.type === undefined || answer.content !== undefined || answer.render === true,
    'has a "type" without "content" or a rendered "file"',
  );

const passwordsIn = (http: Readonly<Record<string, string | z.output<typeof HttpAnswer>>>): number =>
  Object.values(http)
    .flatMap((answer) => (typeof answer === 'string' ? [] : Object.entries(answer.autoinstall ?? {})))
    .flatMap(([question, answers]) => (isPasswordKey(question) ? answers : [])).length;

export const Http = z
  .record(z.string().max(1000), z.union([Words, HttpAnswer]))
  .refine(...atMost(bounds.httpEntries, 'paths'))
  .refine((http) => passwordsIn(http) <= bounds.passwords, `holds more than ${bounds.passwords} passwords`)
  .default({})
  .describe("what the machine's own endpoint serves, by path; a string is a text");
