import type { ImportKeys } from '../keys.ts';
import type { ImportGuest, MadeProvisioners } from './kinds.ts';
import { inlineOf } from './shell.ts';

/** Keys of Packer's that are about how it starts a script, and why they are settled here. */
export const idleOfShellLocal: Readonly<Record<string, { readonly idle: string }>> = {
  tempfile_extension: { idle: 'scripts are run as they are' },
  use_linux_pathing: { idle: 'that is for Windows' },
  skip_clean: { idle: 'scripts are removed' },
  env_var_format: { idle: 'values are given as they are' },
};

// A script says itself what runs it, whichever shell Packer starts it with (packer-plugin-sdk, shell-local).
const usualShell = /^\["(?:[\w./-]*\/)?(?:ba|da|k|z)?sh","-c","\{\{ ?\.Vars ?\}\} \{\{ ?\.Script ?\}\}"\]$/;

/** The keys of shell-local: inline lines under the interpreter that is asked for, and no command that starts them as they are. */
export const keysOfShellLocal = (
  own: MadeProvisioners,
  keys: ImportKeys,
  { reading }: ImportGuest,
): MadeProvisioners => [
  ...own.filter(({ key, value, from }) => {
    const idle = Object.hasOwn(idleOfShellLocal, key) ? idleOfShellLocal[key] : undefined;
    if (idle !== undefined) reading.notes.add(from, `has no meaning here: ${idle.idle}`);
    const isUsual = key === 'execute_command' && usualShell.test(JSON.stringify(value));
    return idle === undefined && !isUsual && !['inline', 'inline_shebang'].includes(key);
  }),
  ...inlineOf(keys),
];
