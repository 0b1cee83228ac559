import { z } from 'zod';
import { isFunction, functionNames } from './functions.ts';
import { isLateName } from './fill.ts';
import { Machine, Qemu } from './schema-machine.ts';
import { Provisioner } from './schema-provisioner.ts';
import { Turns } from './schema-turn.ts';
import { Duration, OneOrMore, Pattern, Pause, SignedPause, strict, Words } from './words.ts';

const Variable = strict({
  default: Words.max(64 * 1024)
    .optional()
    .describe('its value when none is sent; may refer to other variables'),
  required: z.boolean().default(false).describe('a value must be sent'),
  pattern: Pattern.optional().describe('a regular expression that the whole value must match'),
  description: z.string().max(1000).optional().describe('for people'),
  sensitive: z.boolean().default(false).describe('logs and events show <sensitive> in place of its value'),
})
  .refine(
    ({ default: value, required }) => value === undefined || !required,
    'is required and has a default: choose one',
  )
  .describe('a value that the template leaves to the build');

const VariableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/, 'is not a name of a variable: a letter, then letters, digits, _ and -')
  .refine(
    (name) => !isLateName(name) && !isFunction(name) && !functionNames.includes(name),
    "is a name of imaged's own",
  );

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
        /^[^=#\r\n][^=\r\n]*$/,
        'cannot be a question of a response file: it must have no "=" and no "#" in front',
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

const Install = strict({
  console: Turns.optional().describe('the conversation with the installer'),
  boot_command: OneOrMore.optional().describe(
    'Packer\'s boot_command in place of `console`; a list is joined without anything between. <expect "regex" 90s> waits for text',
  ),
  boot_wait: SignedPause.optional().describe(
    "pause before boot_command; default none. Packer's default is 10 s, and so is its zero: here zero and less mean none",
  ),
  boot_key_interval: Pause.optional().describe(
    'pause between keys; default none: a serial line loses no keys, unlike the keyboard for which Packer waits 100 ms',
  ),
  ends: z
    .enum(['any', 'halt', 'reboot', 'never'])
    .default('any')
    .describe(
      'how the machine of the installation ends: by either, by one of them, or it goes on as the machine of the build',
    ),
  timeout: Duration.default('1h').describe('for the conversation and the end together'),
})
  .refine((install) => install.console === undefined || install.boot_command === undefined, {
    error: 'has both "console" and "boot_command": use one',
  })
  .refine(
    (install) =>
      install.boot_command !== undefined ||
      (install.boot_wait === undefined && install.boot_key_interval === undefined),
    'has "boot_wait" or "boot_key_interval" without "boot_command"',
  )
  .describe('how the system comes onto the disk; without it the disks hold a system already');

export const ArtifactName = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/;

const Artifact = strict({
  name: Words.max(1000).describe('file name; default: name of the template, with the format as its ending').optional(),
  format: z.enum(['qcow2', 'raw']).default('qcow2').describe('format of the file'),
  disk: z.int().min(0).max(15).default(0).describe('which disk, counted from 0'),
});

/** A template document: what to build. Texts hold `{{ name }}` for variables and facts of the build. */
export const Template = strict({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be lower case letters, digits and . _ -, at most 64')
    .describe('name of the template'),
  description: z.string().max(10_000).optional().describe('for people'),
  variables: z.record(VariableName, Variable).default({}).describe('values that a build may send'),
  machine: Machine.prefault({}),
  qemu: Qemu.prefault({}),
  http: z
    .record(z.string().max(1000), z.union([Words, HttpAnswer]))
    .default({})
    .describe("what the machine's own endpoint serves, by path; a string is a text"),
  install: Install.optional(),
  communicator: strict({
    type: z.enum(['ssh', 'none']).default('ssh').describe('how the build logs in; `none`: it does not'),
    username: Words.max(1000).default('root').describe('whom to log in as; the key is {{ ssh_public_key }}'),
    port: z.int().min(1).max(65_535).default(22).describe('port in the guest'),
    timeout: Duration.default('5m').describe('how long to try while the guest boots'),
  })
    .optional()
    .describe('how the build gets into the guest'),
  provisioners: z.array(Provisioner).max(200).default([]).describe('changes to the installed guest, in this order'),
  shutdown: strict({
    command: Words.max(4096)
      .optional()
      .describe('run in the guest to shut it down; default: its power button is pressed'),
    timeout: Duration.default('5m').describe('how long the guest may take to power off'),
  })
    .prefault({})
    .describe('how the guest is stopped'),
  artifacts: z.array(Artifact).max(50).optional().describe('what is published; default: the first disk as qcow2'),
  timeout: Duration.optional().describe("for the whole build; default: the host's"),
}).describe('what to build');

export type Template = z.output<typeof Template>;
