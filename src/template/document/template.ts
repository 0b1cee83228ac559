import { z } from 'zod';
import { bounds } from '../../base/bounds.ts';
import { documentName, documentNameRule } from '../../base/records/names.ts';
import type { VariableValues } from '../../base/records/variable-value.ts';
import { provisioners } from '../../provisioners/table.ts';
import { exporting } from '../../post-processors/export.ts';
import { Communicator } from './communicator.ts';
import { Cache } from './cache.ts';
import { fieldErrors } from '../../base/field-errors.ts';
import { fieldErrorsOf, pointersOf } from './issues.ts';
import { PostProcessors } from './post-processors.ts';
import { typedPlaces } from './typed-places.ts';
import { Http } from './http.ts';
import { Notify } from './notify.ts';
import { Variables } from './variables.ts';
import { Machine, Model } from './machine.ts';
import { Turns } from './turn.ts';
import { insteadOfProvisioner } from '../../packer/provisioner-types.ts';
import { whyPackerTemplate } from '../../packer/template-form.ts';
import { Duration, oneOfTypes, OneOrMore, Pause, SignedPause, strict, Words } from './words.ts';

export const Install = strict({
  console: Turns.optional().describe(
    "the conversation with the installer; default, where `http` has an OpenBSD response file: imaged's own",
  ),
  boot_command: OneOrMore.optional().describe(
    'Packer\'s boot_command in place of `console`; a list is joined without anything between. <expect "regex" 90s> waits for text',
  ),
  boot_wait: SignedPause.optional().describe(
    "pause before boot_command; default none. Packer's default is 10 s, and so is its zero: here zero and less mean none",
  ),
  boot_key_interval: Pause.optional().describe(
    'pause between keys; default: none, for a serial line loses no keys; by keyboard 100 ms, as Packer has it',
  ),
  boot_by: z
    .enum(['serial', 'keyboard'])
    .optional()
    .describe(
      'what boot_command is pressed on, and where its `<expect>` looks: the serial line (the default), or the keyboard and the VGA of `display`',
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
      [install.boot_wait, install.boot_key_interval, install.boot_by].every((key) => key === undefined),
    'has "boot_wait", "boot_key_interval" or "boot_by" without "boot_command"',
  )
  .describe(
    'how the system comes onto the disk; without it, and without an OpenBSD response file in `http`, the first boot is the system to work in',
  );

/** A template document: what to build. Texts hold `{{ name }}` for variables and facts of the build. */
export const Template = strict({
  name: z.string().regex(documentName, `must be ${documentNameRule}`).describe('name of the template'),
  description: z.string().max(10_000).optional().describe('for people'),
  variables: Variables,
  machine: Machine.prefault({}),
  qemu: Model.optional().meta({ deprecated: true, description: 'the old place of `machine.model`: use that' }),
  http: Http,
  install: Install.optional(),
  communicator: Communicator.optional(),
  provisioners: z
    .array(oneOfTypes(provisioners, insteadOfProvisioner).describe('a change to the installed guest'))
    .max(bounds.provisioners)
    .default([])
    .describe('changes to the installed guest, in this order'),
  error_cleanup_provisioner: oneOfTypes(provisioners, insteadOfProvisioner)
    .optional()
    .describe('run in the guest when a provisioner has failed, if it still answers; at most 5 minutes'),
  seal: strict({
    host_keys: z.boolean().default(false).describe("sshd's host keys: for systems that make new ones at boot"),
    machine_id: z.boolean().default(false).describe('what /etc/machine-id holds'),
    cloud_init: z.boolean().default(false).describe('what cloud-init remembers of this machine'),
    logs: z.boolean().default(false).describe('rotated logs; others are emptied'),
  })
    .prefault({})
    .describe('what is removed of the guest before it is shut down, beside the key of the build'),
  shutdown: strict({
    command: Words.max(4096)
      .optional()
      .describe('run in the guest to shut it down; default: its power button is pressed'),
    timeout: Duration.default('5m').describe('how long the guest may take to power off'),
  })
    .prefault({})
    .describe('how the guest is stopped'),
  artifacts: z
    .array(exporting.Schema)
    .max(bounds.artifacts)
    .optional()
    .describe('what is published; default: the first disk as qcow2'),
  post_processors: PostProcessors.default([]).describe(
    'changes to the artifacts before they are published, in this order; or lists of such, which run side by side, each from the artifacts',
  ),
  notify: Notify,
  cache: Cache,
  timeout: Duration.optional().describe("for the whole build; default: the host's"),
}).describe('what to build');

export type Template = z.output<typeof Template>;

// Keys whose texts are read character by character.
const readClosely = ['hear', 'refuse', 'pattern', 'press', 'boot_command'];

/** Why a document is too large to be looked into; undefined when it is not. Stops as soon as it knows. */
const whyTooLarge = (document: unknown): string | undefined => {
  const waiting: { readonly value: unknown; readonly isClose: boolean }[] = [{ value: document, isClose: false }];
  let characters = 0;
  let placeholders = 0;
  for (let seen = 0; waiting.length > 0; seen++) {
    if (seen + waiting.length > bounds.values) return `has more than ${bounds.values} values: no machine needs as many`;
    const { value, isClose = false } = waiting.pop() ?? {};
    if (typeof value === 'string')
      for (let at = value.indexOf('{{'); at >= 0; at = value.indexOf('{{', at + 2)) placeholders += 1;
    if (placeholders > bounds.terms) return `has more than ${bounds.terms} placeholders`;
    if (isClose && typeof value === 'string') characters += value.length;
    if (characters > bounds.consoleCharacters)
      return `has more than ${bounds.consoleCharacters} characters under ${readClosely.join(', ')}: no console needs as many`;
    if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value))
        waiting.push({ value: inner, isClose: isClose || readClosely.includes(key) });
  }
  return undefined;
};

/** A number or a bool is put in where the key takes one; where it takes a text, the placeholder is that text. */
const parsedWithValues = (document: unknown, sent: VariableValues) => {
  const insert = typedPlaces(document, Variables, sent);
  const first = Template.safeParse(insert(new Set()));
  if (first.success) return first;
  const texts = pointersOf(first.error.issues);
  return Template.safeParse(insert(texts));
};

/**
 * Checks the form of a template document: keys, kinds, units, patterns, boot commands. Throws `template_invalid` with
 * every place that is wrong. Values of variables, files and what belongs together are judged by `resolve`. `at` is
 * where the document stands in what the client sent; `sent` has what typed-places.ts puts in.
 */
export const parseTemplate = (document: unknown, at = '', sent: VariableValues = {}): Template => {
  const wrong = fieldErrors();
  const tooLarge = whyTooLarge(document);
  if (tooLarge !== undefined) wrong.add(at, tooLarge);
  if (!wrong.isEmpty()) throw wrong.fault('template_invalid', 'The template is wrong');
  const { success, data, error } = parsedWithValues(document, sent);
  if (success) return data;
  const foreign = whyPackerTemplate(document);
  if (foreign !== undefined) wrong.add(at, foreign);
  const { told, count } = fieldErrorsOf(error.issues);
  for (const { pointer, message } of told) wrong.add(at + pointer, message);
  wrong.more(count - told.length);
  throw wrong.fault('template_invalid', 'The template is wrong');
};
