import { posix } from 'node:path';
import { z } from 'zod';
import { strict, Words } from '../template/document/words.ts';
import { commonKeys } from './common.ts';
import { chefKeys, configOf, inRuby, inStaging, installing, licenceOf, line, nodeJson } from './in-guest/chef.ts';
import { resolveCommand } from './in-guest/command.ts';
import { staging } from './in-guest/keys.ts';
import { runTool, type ToolCommand, type ToolUpload, type ToolWork } from './in-guest/tool.ts';
import { Command, guestFolderOf, Listed, listedOr } from './in-guest/values.ts';
import type { GuestKind, ProvisionerPlace } from './kind.ts';

const about = 'chef-client in the guest, which asks a chef server';

const Flag = z.boolean().default(false);

const Schema = strict({
  type: z.literal('chef-client'),
  ...commonKeys,
  ...chefKeys,
  server_url: Words.min(1).max(1000).describe('the server, which the guest has to reach'),
  node_name: Words.max(255).default('packer-{{ uuid }}').describe('the name of the node'),
  client_key: Words.max(1000)
    .optional()
    .describe('where the key of the client is in the guest; default: in the staging folder'),
  validation_key_path: Listed.optional().describe('the key of the validator, a file'),
  validation_client_name: Words.max(255).default('chef-validator').describe('the name of the validator'),
  policy_name: Words.max(255).optional().describe('the policy; needs `policy_group`'),
  policy_group: Words.max(255).optional().describe('the group of the policy; needs `policy_name`'),
  ssl_verify_mode: z.enum(['verify_none', 'verify_peer']).optional().describe("how the server's certificate is judged"),
  trusted_certs_dir: Words.max(1000).optional().describe('the folder of the guest with trusted certificates'),
  knife_command: Command.optional().describe('how knife is started, with {{ .Args }} and {{ .Flags }}'),
  skip_clean_node: Flag.describe('leave the node at the server'),
  skip_clean_client: Flag.describe('leave the client at the server'),
  skip_clean_staging_directory: Flag.describe('leave the staging folder'),
  staging_directory: staging('/tmp/packer-chef-client'),
})
  .refine(({ policy_name, policy_group }) => (policy_name === undefined) === (policy_group === undefined), {
    error: 'needs "policy_name" and "policy_group" together',
  })
  .describe(about);

type Asked = z.output<typeof Schema>;

const words = ({ prevent_sudo }: Asked) => ({
  sudo: { packer: 'Sudo', isThere: !prevent_sudo },
  version: { packer: 'Version', isThere: false },
  config_path: { packer: 'ConfigPath', isThere: true },
  json_path: { packer: 'JsonPath', isThere: true },
});

/** What the configurations of chef and knife say of the server and of the node. */
const settingsOf = (asked: Asked, folder: string, place: ProvisionerPlace) => {
  const ruby = (key: 'server_url' | 'node_name' | 'client_key' | 'validation_client_name' | 'policy_name' | 'policy_group' | 'trusted_certs_dir' | 'chef_environment') => inRuby(asked[key], key, place); // prettier-ignore
  return {
    ServerUrl: ruby('server_url'),
    ClientKey: ruby('client_key') || posix.join(folder, 'client.pem'),
    NodeName: ruby('node_name'),
    ChefLicense: inRuby(licenceOf(asked), 'chef_license', place),
    ChefEnvironment: ruby('chef_environment'),
    ValidationClientName: ruby('validation_client_name'),
    ValidationKeyPath: asked.validation_key_path === undefined ? '' : posix.join(folder, 'validation.pem'),
    EncryptedDataBagSecretPath:
      asked.encrypted_data_bag_secret_path === undefined ? '' : posix.join(folder, 'encrypted_data_bag_secret'),
    PolicyName: ruby('policy_name'),
    PolicyGroup: ruby('policy_group'),
    SslVerifyMode: asked.ssl_verify_mode ?? '',
    TrustedCertsDir: ruby('trusted_certs_dir'),
  };
};

type Settings = ReturnType<typeof settingsOf>;

const spoken = ['log_level :info', 'log_location STDOUT'];

const clientLines = (settings: Settings): readonly string[] => [
  ...spoken,
  line('chef_server_url', settings.ServerUrl),
  line('client_key', settings.ClientKey),
  line('chef_license', settings.ChefLicense),
  line('encrypted_data_bag_secret', settings.EncryptedDataBagSecretPath),
  line('validation_client_name', settings.ValidationClientName),
  line('validation_key', settings.ValidationKeyPath),
  line('node_name', settings.NodeName),
  settings.SslVerifyMode === '' ? '' : `ssl_verify_mode :${settings.SslVerifyMode}`,
  line('environment', settings.ChefEnvironment),
  line('trusted_certs_dir', settings.TrustedCertsDir),
  line('policy_name', settings.PolicyName),
  line('policy_group', settings.PolicyGroup),
];

const knifeLines = (settings: Settings): readonly string[] => [
  ...spoken,
  line('chef_server_url', settings.ServerUrl),
  line('client_key', settings.ClientKey),
  line('node_name', settings.NodeName),
  settings.SslVerifyMode === '' ? '' : `ssl_verify_mode :${settings.SslVerifyMode}`,
  line('trusted_certs_dir', settings.TrustedCertsDir),
];

/** What is taken away from the server again. */
const cleaning = (
  asked: Asked,
  { NodeName: node }: Settings,
  folder: string,
  place: ProvisionerPlace,
): readonly ToolCommand[] => {
  const raw = asked.knife_command ?? '{{ sudo }}knife {{ args }} {{ flags }}';
  const own = {
    sudo: { packer: 'Sudo', isThere: !asked.prevent_sudo },
    args: { packer: 'Args', isThere: true },
    flags: { packer: 'Flags', isThere: true },
  };
  const command = resolveCommand(raw, own, { ...place, pointer: `${place.pointer}/knife_command` });
  const knife = (what: string): ToolCommand => ({
    name: `knife ${what}`,
    command: command
      .replace('{{ args }}', `${what} ${node}`)
      .replace('{{ flags }}', `-y -c ${posix.join(folder, 'knife.rb')}`),
    validExitCodes: [0],
  });
  return [
    ...(asked.skip_clean_node ? [] : [knife('node delete')]),
    ...(asked.skip_clean_client ? [] : [knife('client delete')]),
  ];
};

const uploadsOf = async (
  asked: Asked,
  settings: Settings,
  folder: string,
  place: ProvisionerPlace,
): Promise<readonly ToolUpload[]> => {
  const one = async (raw: string | undefined, key: string, name: string) =>
    (await listedOr(raw, key, place, 'file')).map(inStaging(folder, name));
  const template = await listedOr(asked.config_template, 'config_template', place, 'file');
  return [
    ...(await one(asked.validation_key_path, 'validation_key_path', 'validation.pem')),
    ...(await one(asked.encrypted_data_bag_secret_path, 'encrypted_data_bag_secret_path', 'encrypted_data_bag_secret')),
    await configOf(template, settings, clientLines(settings), posix.join(folder, 'client.rb'), place),
    await configOf([], settings, knifeLines(settings), posix.join(folder, 'knife.rb'), place),
    nodeJson(asked, posix.join(folder, 'first-boot.json'), place),
  ];
};

/** chef-client, by the rules of Packer's provisioner. */
export const chefClient = {
  type: 'chef-client',
  about,
  needs: 'guest',
  Schema,
  resolve: async (asked, place) => {
    const { pointer } = place;
    const folder = guestFolderOf(asked.staging_directory, 'staging_directory', place);
    const settings = settingsOf(asked, folder, place);
    const command = asked.execute_command ?? '{{ sudo }}chef-client --no-color -c {{ config_path }} -j {{ json_path }}';
    const at = { ...place, pointer: `${pointer}/execute_command` };
    return {
      staging: folder,
      cleansUp: !asked.skip_clean_staging_directory,
      sudo: asked.prevent_sudo ? '' : 'sudo ',
      uploads: await uploadsOf(asked, settings, folder, place),
      words: {
        config_path: [posix.join(folder, 'client.rb')],
        json_path: [posix.join(folder, 'first-boot.json')],
      },
      commands: [
        ...installing(asked, words(asked), place),
        { name: 'chef-client', command: resolveCommand(command, words(asked), at), validExitCodes: [0] },
        ...cleaning(asked, settings, folder, place),
      ],
    };
  },
  plan: () => 'chef-client in the guest',
  run: runTool,
} as const satisfies GuestKind<typeof Schema, ToolWork>;
