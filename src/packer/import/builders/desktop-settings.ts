import { ParseError } from '../../../base/text/parse-error.ts';
import type { Builder } from '../builder.ts';
import { isObject, takenNow } from '../keys.ts';

/** A setting of a desktop hypervisor, in its own words. */
type Setting = { readonly name: string; readonly value: string; readonly at: string };

/** The own keys of a hypervisor that give its machine memory and the like, and what these are called there. */
export type SettingKeys = {
  readonly keys: readonly string[];
  readonly settingsOf: (value: unknown, at: string) => readonly Setting[];
  readonly memory: string;
  readonly cpus: string;
  readonly firmware: string;
};

const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';

const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The options of commands such as `["modifyvm", "{{.Name}}", "--memory", "1024"]`, of this verb; all else has no name. */
const settingsOfCommands =
  (verb: string) =>
  (value: unknown, at: string): readonly Setting[] =>
    listIn(value).flatMap((command, row): Setting[] => {
      const [said, , ...options] = listIn(command).map(textOf);
      const place = `${at}/${row}`;
      if (said !== verb) return [{ name: '', value: '', at: place }];
      return options.flatMap((option, column): Setting[] => {
        if (!option.startsWith('--')) return [];
        const [name = '', own = options[column + 1] ?? ''] = option.split('=');
        return [{ name, value: own, at: place }];
      });
    });

/** VirtualBox: its commands are run when the machine has been made. */
export const virtualBoxSettings: SettingKeys = {
  ...{ keys: ['vboxmanage'], settingsOf: settingsOfCommands('modifyvm') },
  ...{ memory: '--memory', cpus: '--cpus', firmware: '--firmware' },
};

/** VMware: keys of its file of the machine, in any case. */
export const vmwareSettings: SettingKeys = {
  keys: ['vmx_data'],
  settingsOf: (value, at) =>
    isObject(value)
      ? Object.entries(value).map(([name, own]) => ({ name: name.toLowerCase(), value: textOf(own), at }))
      : [{ name: '', value: '', at }],
  ...{ memory: 'memsize', cpus: 'numvcpus', firmware: 'firmware' },
};

export const parallelsSettings: SettingKeys = {
  ...{ keys: ['prlctl'], settingsOf: settingsOfCommands('set') },
  ...{ memory: '--memsize', cpus: '--cpus', firmware: '--efi-boot' },
};

const wholeOf = (text: string): number => {
  if (!/^[1-9]\d{0,6}$/.test(text.trim()))
    throw new ParseError(`has ${JSON.stringify(text.slice(0, 40))}, and a whole number above 0 was due`);
  return Number(text);
};

const isUefi = (text: string): boolean => ['efi', 'efi64', 'on'].includes(text.trim().toLowerCase());

/**
 * Memory, processors and firmware that the hypervisor's own settings give: they are made after those of the builder's keys, and
 * count. What else is set there is a note, `why`.
 */
export const putSettings = (builder: Builder, { keys: own, settingsOf, ...names }: SettingKeys, why: string): void => {
  const { keys, draft, reading } = builder;
  const known = (text: string, at: string): string => {
    const value = reading.fill(text);
    if (value === undefined)
      throw new ParseError(`must be known to translate the template: give the variable in ${JSON.stringify(text.slice(0, 60))} a default, or send its value`); // prettier-ignore
    if (value !== text) reading.notes.add(at, takenNow);
    return value;
  };
  for (const key of own) {
    const given = keys.raw(key);
    if (given === undefined || given === '') continue;
    let hasOthers = typeof given === 'string';
    for (const { name, value, at } of settingsOf(given, keys.at(key)))
      reading.wrong.attempt(at, undefined, () => {
        if (name === names.memory) draft.put(['machine', 'memory'], value.includes('{{') ? value : wholeOf(value), at);
        else if (name === names.cpus) draft.put(['machine', 'cpus'], wholeOf(known(value, at)), at);
        else if (name === names.firmware && isUefi(known(value, at))) draft.put(['machine', 'firmware'], 'uefi', at);
        else hasOthers = true;
      });
    if (hasOthers) reading.notes.add(keys.at(key), `has no meaning here${typeof given === 'string' ? '' : ' beyond memory, processors and firmware'}: ${why}`); // prettier-ignore
  }
};
