import { posix } from 'node:path';
import { z } from 'zod';
import { bounds } from '../base/bounds.ts';
import { variableName } from '../base/text/shell.ts';
import { strict, Words } from '../template/document/words.ts';
import { commonKeys, exitCodes } from './common.ts';
import { stagingKeys } from './in-guest/keys.ts';
import { runTool, type ToolUpload, type ToolWork } from './in-guest/tool.ts';
import {
  argumentsOf,
  Arguments,
  Command,
  guestFolderOf,
  Listed,
  listedOf,
  listedOr,
  ListedSeveral,
  textOr,
} from './in-guest/values.ts';
import type { GuestKind } from './kind.ts';

const about = 'inspec in the guest, on the guest itself, with a profile of the context';

const Schema = strict({
  type: z.literal('inspec'),
  ...commonKeys,
  profile: Listed.describe('the profile: a folder or file of the context, or a URL that the guest has to reach'),
  attributes: ListedSeveral.describe('files of inputs'),
  attributes_directory: Listed.optional().describe('a folder of the context that is uploaded with them'),
  inspec_env_vars: z
    .array(Words.regex(new RegExp(`^${variableName}=`), 'must be NAME=value'))
    .max(bounds.environment)
    .default([])
    .describe('environment variables, `NAME=value`'),
  extra_arguments: Arguments.describe('more arguments of inspec, as words of the shell'),
  command: Command.default('inspec').describe('how inspec is started'),
  backend: z
    .enum(['local', 'ssh'])
    .default('local')
    .describe("Packer's key: inspec runs in the guest whatever it is, for the host runs no profiles"),
  valid_exit_codes: exitCodes,
  ...stagingKeys('/tmp/packer-inspec'),
}).describe(about);

const isUrl = (profile: string) => /^[a-z][a-z0-9+.-]*:\/\//i.test(profile);

/** inspec exec, with the keys of Packer's provisioner, in the guest. */
export const inspec = {
  type: 'inspec',
  about,
  needs: 'guest',
  Schema,
  resolve: async (asked, place) => {
    const { pointer, fields } = place;
    const folder = guestFolderOf(asked.staging_directory, 'staging_directory', place);
    const profile = posix.join(folder, 'profile');
    const given = isUrl(asked.profile) ? [] : await listedOr(asked.profile, 'profile', place, 'either');
    const inputs = await listedOf(asked.attributes, 'attributes', place, 'file');
    const beside = await listedOr(asked.attributes_directory, 'attributes_directory', place, 'folder');
    const facts = posix.join(folder, 'packer.yml');
    const uploads: readonly ToolUpload[] = [
      ...beside.map((listed) => ({ listed, to: folder })),
      ...given.map((listed) => ({ listed, to: profile })),
      ...inputs.map((listed, at) => ({ listed, to: posix.join(folder, `input-${at}.yml`) })),
      {
        filled: 'packer_build_name: "{{ packer_build_name }}"\npacker_builder_type: "{{ packer_builder_type }}"\n',
        to: facts,
      },
    ];
    const files = [...inputs.map((_, at) => posix.join(folder, `input-${at}.yml`)), facts].join(' ');
    const values = asked.inspec_env_vars.map((entry, at) => {
      const [name = ''] = entry.split('=', 1);
      return [name, fields.text(`${pointer}/inspec_env_vars/${at}`, entry.slice(name.length + 1))] as const;
    });
    return {
      staging: folder,
      cleansUp: asked.clean_staging_directory,
      sudo: '',
      uploads,
      words: {
        command: textOr(asked.command, 'command', place),
        profile: given.length > 0 ? [profile] : textOr(asked.profile, 'profile', place),
        extra_arguments: argumentsOf(asked.extra_arguments, 'extra_arguments', place),
      },
      env: { word: 'variables', prefix: '', values: Object.fromEntries(values) },
      commands: [
        {
          name: 'inspec',
          command: `{{ variables }} {{ command }} exec {{ profile }} --backend local --input-file ${files} {{ extra_arguments }}`,
          validExitCodes: asked.valid_exit_codes,
        },
      ],
    };
  },
  plan: () => 'inspec in the guest',
  run: runTool,
} as const satisfies GuestKind<typeof Schema, ToolWork>;
