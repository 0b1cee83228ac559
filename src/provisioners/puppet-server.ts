import { posix } from 'node:path';
import { z } from 'zod';
import { strict, Words } from '../template/document/words.ts';
import { commonKeys } from './common.ts';
import { cleansStaging, executeCommand, guestOs, preventSudo, staging } from './in-guest/keys.ts';
import { puppetCommand, puppetWork } from './in-guest/puppet.ts';
import { runTool, type ToolUpload, type ToolWork } from './in-guest/tool.ts';
import { Arguments, guestFolderOf, Listed, listedOr, NamedTexts, textOr } from './in-guest/values.ts';
import type { GuestKind } from './kind.ts';

const about = 'puppet agent in the guest, which asks a puppet server';

const Schema = strict({
  type: z.literal('puppet-server'),
  ...commonKeys,
  puppet_server: Words.max(255).optional().describe("name of the server; default: puppet's own, `puppet`"),
  puppet_node: Words.max(255).optional().describe("name of the node; default: puppet's own"),
  client_cert_path: Listed.optional().describe("a folder with the client's certificate"),
  client_private_key_path: Listed.optional().describe("a folder with the client's private key"),
  facter: NamedTexts.describe('facts for the catalogue, beside those about the build'),
  extra_arguments: Arguments.describe('more arguments of puppet, as words of the shell'),
  execute_command: executeCommand,
  ignore_exit_codes: z.boolean().default(false).describe('however puppet ends is right; else 0 and 2'),
  prevent_sudo: preventSudo,
  puppet_bin_dir: Words.max(1000).optional().describe('the folder of the guest that has puppet; default: its PATH'),
  staging_dir: staging('/tmp/packer-puppet-server'),
  clean_staging_directory: cleansStaging,
  working_directory: Words.max(1000).optional().describe('where puppet is run; default: the staging folder'),
  guest_os_type: guestOs,
}).describe(about);

const options =
  `{{if .Debug}}--debug {{end}}{{if ne .PuppetServer ""}}--server='{{ puppet_server }}' {{end}}` +
  `{{if ne .PuppetNode ""}}--certname='{{ puppet_node }}' {{end}}` +
  `{{if ne .ClientCertPath ""}}--certdir='{{ client_cert_path }}' {{end}}` +
  `{{if ne .ClientPrivateKeyPath ""}}--privatekeydir='{{ client_private_key_path }}' {{end}}` +
  '{{if ne .ExtraArguments ""}}{{ extra_arguments }} {{end}}';

/** puppet agent, by the rules of Packer's provisioner. */
export const puppetServer = {
  type: 'puppet-server',
  about,
  needs: 'guest',
  Schema,
  resolve: async (asked, place) => {
    const folder = guestFolderOf(asked.staging_dir, 'staging_dir', place);
    const [certs, keys] = [posix.join(folder, 'certs'), posix.join(folder, 'private_keys')];
    const cert = await listedOr(asked.client_cert_path, 'client_cert_path', place, 'folder');
    const key = await listedOr(asked.client_private_key_path, 'client_private_key_path', place, 'folder');
    const uploads: readonly ToolUpload[] = [
      ...cert.map((listed) => ({ listed, to: certs })),
      ...key.map((listed) => ({ listed, to: keys })),
    ];
    const words = {
      client_cert_path: ['ClientCertPath', cert.map(() => certs)],
      client_private_key_path: ['ClientPrivateKeyPath', key.map(() => keys)],
      puppet_server: ['PuppetServer', textOr(asked.puppet_server, 'puppet_server', place)],
      puppet_node: ['PuppetNode', textOr(asked.puppet_node, 'puppet_node', place)],
    } as const;
    const command = puppetCommand('agent --onetime --no-daemonize --detailed-exitcodes', options);
    return puppetWork(asked, { staging: folder, uploads, command, words }, place);
  },
  plan: () => 'puppet agent in the guest',
  run: runTool,
} as const satisfies GuestKind<typeof Schema, ToolWork>;
