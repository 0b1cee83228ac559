import { posix } from 'node:path';
import { z } from 'zod';
import { bounds } from '../base/bounds.ts';
import { strict, Words } from '../template/document/words.ts';
import { commonKeys } from './common.ts';
import { chefKeys, configOf, inRuby, inStaging, installing, licenceOf, line, nodeJson } from './in-guest/chef.ts';
import { resolveCommand } from './in-guest/command.ts';
import { staging } from './in-guest/keys.ts';
import { runTool, type ToolUpload, type ToolWork } from './in-guest/tool.ts';
import { guestFolderOf, Listed, listedOf, listedOr, ListedSeveral } from './in-guest/values.ts';
import type { GuestKind, ProvisionerPlace } from './kind.ts';

const about = 'chef-solo in the guest, with cookbooks of the context';

const Schema = strict({
  type: z.literal('chef-solo'),
  ...commonKeys,
  ...chefKeys,
  cookbook_paths: ListedSeveral.describe('folders of cookbooks'),
  remote_cookbook_paths: z
    .array(Words.max(1000))
    .max(bounds.scripts)
    .default([])
    .describe('folders of cookbooks that the guest has already'),
  roles_path: Listed.optional().describe('the folder of roles'),
  data_bags_path: Listed.optional().describe('the folder of data bags'),
  environments_path: Listed.optional().describe('the folder of environments'),
  staging_directory: staging('/tmp/packer-chef-solo'),
  version: Words.max(100).optional().describe('the version that is installed; default: the newest'),
}).describe(about);

type Asked = z.output<typeof Schema>;

const words = (asked: Asked) => ({
  sudo: { packer: 'Sudo', isThere: !asked.prevent_sudo },
  version: { packer: 'Version', isThere: asked.version !== undefined },
  config_path: { packer: 'ConfigPath', isThere: true },
  json_path: { packer: 'JsonPath', isThere: true },
});

const configuration = async (asked: Asked, folder: string, uploads: readonly ToolUpload[], place: ProvisionerPlace) => {
  const has = (name: string) =>
    uploads.some(({ to }) => to === posix.join(folder, name)) ? posix.join(folder, name) : '';
  const cookbooks = [
    ...asked.remote_cookbook_paths.map((raw, at) => guestFolderOf(raw, `remote_cookbook_paths/${at}`, place)),
    ...asked.cookbook_paths.map((_, at) => posix.join(folder, `cookbooks-${at}`)),
  ];
  const paths = cookbooks.map((path) => `"${path}"`).join(',');
  const [roles, bags, environments] = [has('roles'), has('data_bags'), has('environments')];
  const secret = has('encrypted_data_bag_secret');
  const environment = inRuby(asked.chef_environment, 'chef_environment', place);
  const licence = inRuby(licenceOf(asked), 'chef_license', place);
  const packers = {
    ...{ CookbookPaths: paths, RolesPath: roles, HasRolesPath: roles, DataBagsPath: bags, HasDataBagsPath: bags },
    ...{ EncryptedDataBagSecretPath: secret, HasEncryptedDataBagSecretPath: secret },
    ...{ EnvironmentsPath: environments, HasEnvironmentsPath: environments },
    ...{ ChefEnvironment: environment, ChefLicense: licence },
  };
  const lines = [
    `cookbook_path [${paths}]`,
    ...[line('role_path', roles), line('data_bag_path', bags), line('encrypted_data_bag_secret', secret)],
    line('environment_path', environments),
    environments === '' ? '' : line('environment', environment),
    line('chef_license', licence),
  ];
  const template = await listedOr(asked.config_template, 'config_template', place, 'file');
  return configOf(template, packers, lines, posix.join(folder, 'solo.rb'), place);
};

/** chef-solo, by the rules of Packer's provisioner. */
export const chefSolo = {
  type: 'chef-solo',
  about,
  needs: 'guest',
  Schema,
  resolve: async (asked, place) => {
    const { pointer } = place;
    const folder = guestFolderOf(asked.staging_directory, 'staging_directory', place);
    const one = async (raw: string | undefined, key: string, name: string, kind: 'file' | 'folder') =>
      (await listedOr(raw, key, place, kind)).map(inStaging(folder, name));
    const cookbooks = await listedOf(asked.cookbook_paths, 'cookbook_paths', place, 'folder');
    const uploads: readonly ToolUpload[] = [
      ...cookbooks.map((listed, at) => ({ listed, to: posix.join(folder, `cookbooks-${at}`) })),
      ...(await one(asked.roles_path, 'roles_path', 'roles', 'folder')),
      ...(await one(asked.data_bags_path, 'data_bags_path', 'data_bags', 'folder')),
      ...(await one(asked.encrypted_data_bag_secret_path, 'encrypted_data_bag_secret_path', 'encrypted_data_bag_secret', 'file')), // prettier-ignore
      ...(await one(asked.environments_path, 'environments_path', 'environments', 'folder')),
    ];
    const [configPath, jsonPath] = [posix.join(folder, 'solo.rb'), posix.join(folder, 'node.json')];
    const command = asked.execute_command ?? '{{ sudo }}chef-solo --no-color -c {{ config_path }} -j {{ json_path }}';
    const at = { ...place, pointer: `${pointer}/execute_command` };
    return {
      staging: folder,
      cleansUp: false,
      sudo: asked.prevent_sudo ? '' : 'sudo ',
      uploads: [...uploads, await configuration(asked, folder, uploads, place), nodeJson(asked, jsonPath, place)],
      words: {
        version: [inRuby(asked.version, 'version', place)],
        config_path: [configPath],
        json_path: [jsonPath],
      },
      commands: [
        ...installing(asked, words(asked), place),
        { name: 'chef-solo', command: resolveCommand(command, words(asked), at), validExitCodes: [0] },
      ],
    };
  },
  plan: () => 'chef-solo in the guest',
  run: runTool,
} as const satisfies GuestKind<typeof Schema, ToolWork>;
