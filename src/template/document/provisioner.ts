import { z } from 'zod';
import { atMost, bounds } from '../../base/bounds.ts';
import { insteadOfProvisioner } from '../../packer/provisioner-types.ts';
import { Turns } from './turn.ts';
import { Duration, OneOrMore, Pause, strict, Words } from './words.ts';

export const envName = /^[A-Za-z_][A-Za-z0-9_]*$/;

const Name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._ -]{0,63}$/, 'must be a short name: letters, digits, blanks and . _ -')
  .optional()
  .describe("how the build's steps and events call it; default: type and number");

const Shell = strict({
  type: z.literal('shell'),
  name: Name,
  inline: OneOrMore.optional().describe('lines of a script, run by /bin/sh -e'),
  script: Words.min(1).optional().describe('a script of the context'),
  scripts: z.array(Words.min(1)).min(1).max(bounds.scripts).optional().describe('several scripts, run in this order'),
  env: z
    .record(z.string().regex(envName, 'is not a name of an environment variable'), Words)
    .refine(...atMost(bounds.environment, 'variables'))
    .default({})
    .describe('environment variables'),
  environment_vars: z
    .array(Words.regex(/^[A-Za-z_][A-Za-z0-9_]*=/, 'must be NAME=value'))
    .max(bounds.environment)
    .default([])
    .describe("Packer's form of `env`: `NAME=value`"),
  valid_exit_codes: z
    .array(z.int().min(0).max(255))
    .min(1)
    .max(bounds.exitCodes)
    .default([0])
    .describe('exit codes that are no failure'),
  expect_disconnect: z
    .boolean()
    .default(false)
    .describe('the script may reboot the guest; the build waits until it is back'),
  execute_command: Words.max(4096)
    .optional()
    .describe(
      'how a script is started, with {{ path }}, {{ vars }} and {{ env_file }}; default: {{ vars }} {{ path }}',
    ),
  remote_folder: Words.max(1000).default('/tmp').describe('where scripts are put in the guest'),
  timeout: Duration.default('30m').describe('for one try of the whole provisioner'),
  max_retries: z.int().min(0).max(20).default(0).describe('how often it is run again when it fails'),
  pause_before: Pause.default(0).describe('pause before it begins'),
}).refine(
  ({ inline, script, scripts }) => [inline, script, scripts].filter((part) => part !== undefined).length === 1,
  'needs exactly one of "inline", "script" and "scripts"',
);

const Conversation = strict({
  type: z.literal('console'),
  name: Name,
  console: Turns.min(1).describe('the conversation'),
  timeout: Duration.default('30m').describe('for the whole conversation'),
});

export const Provisioner = z
  .discriminatedUnion('type', [Shell, Conversation], {
    error: ({ input }) => insteadOfProvisioner(input) ?? 'must have a "type": "shell" or "console"',
  })
  .describe('a change to the installed guest: scripts by ssh, or a conversation on the console');
