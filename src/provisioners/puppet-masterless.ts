import { stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { z } from 'zod';
import { strict, Words } from '../template/document/words.ts';
import { commonKeys } from './common.ts';
import { executeCommand, guestOs, preventSudo, stagingKeys } from './in-guest/keys.ts';
import { puppetCommand, puppetWork } from './in-guest/puppet.ts';
import { runTool, type ToolUpload, type ToolWork } from './in-guest/tool.ts';
import {
  Arguments,
  guestFolderOf,
  Listed,
  listedOf,
  listedOr,
  ListedSeveral,
  NamedTexts,
  placeIn,
} from './in-guest/values.ts';
import type { GuestKind } from './kind.ts';

const about = 'puppet apply in the guest, with manifests and modules of the context';

const Schema = strict({
  type: z.literal('puppet-masterless'),
  ...commonKeys,
  manifest_file: Listed.describe('the manifest, or a folder of them'),
  manifest_dir: Listed.optional().describe('a folder of manifests beside it, for a puppet older than 4'),
  module_paths: ListedSeveral.describe('folders of modules'),
  hiera_config_path: Listed.optional().describe('the configuration of hiera'),
  facter: NamedTexts.describe('facts for the manifests, beside those about the build'),
  extra_arguments: Arguments.describe('more arguments of puppet, as words of the shell'),
  execute_command: executeCommand,
  ignore_exit_codes: z.boolean().default(false).describe('however puppet ends is right; else 0 and 2'),
  prevent_sudo: preventSudo,
  puppet_bin_dir: Words.max(1000).optional().describe('the folder of the guest that has puppet; default: its PATH'),
  ...stagingKeys('/tmp/packer-puppet-masterless'),
  working_directory: Words.max(1000).optional().describe('where puppet is run; default: the staging folder'),
  guest_os_type: guestOs,
}).describe(about);

const options =
  `{{if .Debug}}--debug {{end}}{{if ne .ModulePath ""}}--modulepath='{{ module_path }}' {{end}}` +
  `{{if ne .HieraConfigPath ""}}--hiera_config='{{ hiera_config_path }}' {{end}}` +
  `{{if ne .ManifestDir ""}}--manifestdir='{{ manifest_dir }}' {{end}}` +
  '{{if ne .ExtraArguments ""}}{{ extra_arguments }} {{end}}{{ manifest_file }}';

/** puppet apply, by the rules of Packer's provisioner. */
export const puppetMasterless = {
  type: 'puppet-masterless',
  about,
  needs: 'guest',
  Schema,
  resolve: async (asked, place) => {
    const { pointer, fields } = place;
    const folder = guestFolderOf(asked.staging_directory, 'staging_directory', place);
    const manifests = posix.join(folder, 'manifests');
    const manifest = await fields.file(`${pointer}/manifest_file`, asked.manifest_file, 'either');
    const isFolder = (await stat(manifest.path)).isDirectory();
    const manifestFile = isFolder ? manifests : placeIn(manifests, manifest, `${pointer}/manifest_file`, place);
    const modules = await listedOf(asked.module_paths, 'module_paths', place, 'folder');
    const hiera = await listedOr(asked.hiera_config_path, 'hiera_config_path', place, 'file');
    const dirs = await listedOr(asked.manifest_dir, 'manifest_dir', place, 'folder');
    const uploads: readonly ToolUpload[] = [
      ...hiera.map((listed) => ({ listed, to: posix.join(folder, 'hiera.yaml') })),
      ...dirs.map((listed) => ({ listed, to: manifests })),
      ...modules.map((listed, at) => ({ listed, to: posix.join(folder, `module-${at}`) })),
      { listed: manifest, to: manifestFile },
    ];
    const modulePath = modules.map((_, at) => posix.join(folder, `module-${at}`)).join(':');
    const words = {
      module_path: ['ModulePath', modulePath === '' ? [] : [modulePath]],
      module_path_joiner: ['ModulePathJoiner', [':']],
      hiera_config_path: ['HieraConfigPath', hiera.map(() => posix.join(folder, 'hiera.yaml'))],
      manifest_dir: ['ManifestDir', dirs.map(() => manifests)],
      manifest_file: ['ManifestFile', [manifestFile]],
    } as const;
    const command = puppetCommand('apply --detailed-exitcodes', options);
    return puppetWork(asked, { staging: folder, uploads, command, words }, place);
  },
  plan: () => 'puppet apply in the guest',
  run: runTool,
} as const satisfies GuestKind<typeof Schema, ToolWork>;
