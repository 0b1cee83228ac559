import { readFile } from 'node:fs/promises';
import { Fault } from '../base/fault.ts';
import { singleQuoted, variableName } from '../base/text/shell.ts';

/** A text without `#!` runs under `sh -e`; `name` is how a file is called in messages. */
export type ScriptSource = { readonly text: string } | { readonly file: string; readonly name: string };

/** The script as it is written into the guest; one that is not for sh is left as it is. */
export const scriptBytes = async (script: ScriptSource, extension = 'sh'): Promise<Uint8Array> => {
  // Latin-1 keeps every byte as it is, whatever the script is written in.
  const text = 'file' in script ? await readFile(script.file, 'latin1') : Buffer.from(script.text).toString('latin1');
  if (extension !== 'sh') return Buffer.from(text, 'latin1');
  const whole = 'text' in script && !text.startsWith('#!') ? `#!/bin/sh -e\n${text}` : text;
  // A script that was written on another system has line ends that sh takes for part of its words.
  return Buffer.from(whole.startsWith('#!') ? whole.replaceAll('\r\n', '\n') : whole, 'latin1');
};

const isVariableName = new RegExp(`^${variableName}$`);

type Env = Readonly<Record<string, string>>;

const assignments = (env: Env): readonly string[] =>
  Object.entries(env)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => {
      if (isVariableName.test(name)) return `${name}=${singleQuoted(value)}`;
      throw new Fault('template_invalid', `${JSON.stringify(name)} cannot be the name of an environment variable`);
    });

/**
 * An environment as words for sh(1), in the way of Packer: sorted by name, each value in single quotes.
 * Throws `template_invalid` for a name that no shell takes.
 */
export const envWords = (env: Env): string => assignments(env).join(' ');

/** The same as a file that a shell reads: each is exported. */
export const envFile = (env: Env): string =>
  assignments(env)
    .map((word) => `export ${word}\n`)
    .join('');
