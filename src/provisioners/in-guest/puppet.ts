import type { Text } from '../../template/spec.ts';
import type { ProvisionerPlace } from '../kind.ts';
import { resolveCommand } from './command.ts';
import { anyExitCode, type ToolUpload, type ToolWork } from './tool.ts';
import { argumentsOf, guestFolderOf, namedTextsOf, textOr } from './values.ts';

/** The keys that both kinds of puppet have. */
type Asked = {
  readonly facter: Readonly<Record<string, string>>;
  readonly extra_arguments: readonly string[];
  readonly execute_command?: string | undefined;
  readonly ignore_exit_codes: boolean;
  readonly prevent_sudo: boolean;
  readonly puppet_bin_dir?: string | undefined;
  readonly clean_staging_directory: boolean;
  readonly working_directory?: string | undefined;
};

type Own = {
  readonly staging: string;
  readonly uploads: readonly ToolUpload[];
  readonly command: string;
  /** Words of this kind alone, with Packer's name. */
  readonly words: Readonly<Record<string, readonly [packer: string, text: Text]>>;
};

// puppet's --detailed-exitcodes: 2 is "there were changes".
const changed = [0, 2];

/** What a run of puppet comes to. */
export const puppetWork = (
  asked: Asked,
  { staging, uploads, command, words }: Own,
  place: ProvisionerPlace,
): ToolWork => {
  const { pointer } = place;
  const { working_directory: folder, execute_command: own } = asked;
  const workingDir = folder === undefined ? staging : guestFolderOf(folder, 'working_directory', place);
  const all: Own['words'] = {
    working_dir: ['WorkingDir', [workingDir]],
    puppet_bin_dir: ['PuppetBinDir', textOr(asked.puppet_bin_dir, 'puppet_bin_dir', place)],
    extra_arguments: ['ExtraArguments', argumentsOf(asked.extra_arguments, 'extra_arguments', place)],
    debug: ['Debug', []],
    ...words,
  };
  const known = Object.entries(all).map(
    ([name, [packer, text]]) => [name, { packer, isThere: text.length > 0 }] as const,
  );
  const named = {
    sudo: { packer: 'Sudo', isThere: !asked.prevent_sudo },
    facter_vars: { packer: 'FacterVars', isThere: true },
    ...Object.fromEntries(known),
  };
  const at = { ...place, pointer: `${pointer}/execute_command` };
  return {
    staging,
    cleansUp: asked.clean_staging_directory,
    sudo: asked.prevent_sudo ? '' : 'sudo -E ',
    uploads,
    words: Object.fromEntries(Object.entries(all).map(([name, [, text]]) => [name, text])),
    env: { word: 'facter_vars', prefix: 'FACTER_', values: namedTextsOf(asked.facter, 'facter', place) },
    commands: [
      {
        name: 'puppet',
        command: resolveCommand(own ?? command, named, at),
        validExitCodes: asked.ignore_exit_codes ? anyExitCode : changed,
      },
    ],
  };
};

/** How puppet is started: `what` it is to do, before its options. */
export const puppetCommand = (what: string, options: string): string =>
  `cd {{ working_dir }} && {{ facter_vars }} {{ sudo }}{{if ne .PuppetBinDir ""}}{{ puppet_bin_dir }}/{{end}}puppet ${what} ${options}`;
