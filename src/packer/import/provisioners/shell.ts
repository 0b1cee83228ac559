import { contextPath } from '../paths.ts';
import type { ImportKeys, Rules, Written } from '../keys.ts';
import {
  commonOf,
  commonRules,
  sameTexts,
  type ImportGuest,
  type MadeProvisioners,
  type ProvisionerKind,
} from './kinds.ts';

const retried = { idle: 'what the connection loses is sent again; "max_retries" and "timeout" say the rest' } as const;

// packer-plugin-sdk and Packer's provisioner/shell.
const rules = {
  ...commonRules,
  inline: 'read',
  inline_shebang: 'read',
  script: 'read',
  scripts: 'read',
  environment_vars: 'read',
  env: 'read',
  execute_command: 'read',
  remote_folder: 'read',
  remote_path: 'read',
  remote_file: { idle: 'scripts have names of their own in the guest' },
  valid_exit_codes: 'read',
  expect_disconnect: 'read',
  start_retry_timeout: retried,
  skip_clean: { idle: 'scripts are removed' },
  binary: { idle: 'files are sent as they are' },
  use_env_var_file: { idle: 'values are never part of a command line' },
  env_var_format: { idle: 'values are written as sh(1) wants them' },
  pause_after: 'read',
} as const satisfies Rules;

const pathOf = ({ text, at }: Written, { reading }: ImportGuest): string =>
  reading.wrong.attempt(at, text, () => contextPath(text));

/** The inline lines, under the interpreter that is asked for. */
export const inlineOf = (keys: ImportKeys): MadeProvisioners => {
  const lines = keys.list('inline')?.map(({ text }) => text);
  if (lines === undefined) return [];
  const shebang = keys.text('inline_shebang')?.replace(/^#!\s*/, '');
  const isOwn = shebang === undefined || shebang === '' || shebang === '/bin/sh -e' || lines[0]?.startsWith('#!');
  return [{ key: 'inline', value: isOwn ? lines : [`#!${shebang}`, ...lines], from: keys.at('inline') }];
};

const scriptsOf = (keys: ImportKeys, guest: ImportGuest): MadeProvisioners => {
  const one = keys.text('script');
  const many = keys.list('scripts');
  return [
    ...inlineOf(keys),
    ...(one === undefined || one === ''
      ? []
      : [{ key: 'script', value: pathOf({ text: one, at: keys.at('script') }, guest), from: keys.at('script') }]),
    ...(many === undefined || many.length === 0
      ? []
      : [{ key: 'scripts', value: many.map((script) => pathOf(script, guest)), from: keys.at('scripts') }]),
  ];
};

/** Scripts ask for the type of the builder by this name, which here is Packer's. */
export const envOf = (keys: ImportKeys, { builderType }: ImportGuest): MadeProvisioners => {
  const own = keys.map('env') ?? [];
  const env = { PACKER_BUILDER_TYPE: builderType, ...Object.fromEntries(own.map(({ name, text }) => [name, text])) };
  const from = keys.raw('env') === undefined ? keys.pointer : keys.at('env');
  const lines = keys.list('environment_vars')?.filter(({ text }) => text !== '');
  return [
    { key: 'env', value: env, from },
    ...(lines === undefined || lines.length === 0
      ? []
      : [{ key: 'environment_vars', value: lines.map(({ text }) => text), from: keys.at('environment_vars') }]),
  ];
};

const codesOf = (keys: ImportKeys, { reading }: ImportGuest): MadeProvisioners => {
  const given = keys.list('valid_exit_codes');
  if (given === undefined || given.length === 0) return [];
  const codes = given.map(({ text, at }) => {
    if (!/^\d{1,7}$/.test(text)) reading.wrong.add(at, 'must be an exit code');
    return Number(text);
  });
  return [{ key: 'valid_exit_codes', value: codes, from: keys.at('valid_exit_codes') }];
};

/** The folder of a path where scripts are put. */
export const folderOf = (keys: ImportKeys, { reading }: ImportGuest): MadeProvisioners => {
  const path = keys.text('remote_path');
  if (path === undefined || path === '') return sameTexts(keys, ['remote_folder']);
  const from = keys.at('remote_path');
  reading.notes.add(from, 'gives the folder alone: scripts have names of their own in the guest');
  return [{ key: 'remote_folder', value: path.replace(/\/[^/]*$/, '') || '/', from }];
};

/** Packer's shell provisioner. */
export const shell: ProvisionerKind = {
  rules,
  pauses: ['pause_after'],
  make: (keys, guest) => [
    [
      ...commonOf(keys, 'shell'),
      ...scriptsOf(keys, guest),
      ...envOf(keys, guest),
      ...sameTexts(keys, ['execute_command']),
      ...folderOf(keys, guest),
      ...codesOf(keys, guest),
      ...(keys.flag('expect_disconnect')
        ? [{ key: 'expect_disconnect', value: true, from: keys.at('expect_disconnect') }]
        : []),
    ],
  ],
};
