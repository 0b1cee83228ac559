import type { ImportKeys, KeyReading, Rules } from '../keys.ts';

/** The machine whose provisioners are translated. */
export type ImportGuest = { readonly reading: KeyReading; readonly builderType: string };

/** A provisioner of imaged: its keys, each with the place that it comes from. */
export type MadeProvisioners = readonly { readonly key: string; readonly value: unknown; readonly from: string }[];

/** A type of provisioner. `make` gives what stands in its place, in order. */
export type ProvisionerKind = {
  /** Every key that it has in Packer, beside those of all types; undefined: its keys stay as they are. */
  readonly rules?: Rules;
  readonly make: (keys: ImportKeys, guest: ImportGuest) => readonly MadeProvisioners[];
  /** The keys that say how long the build waits behind it. */
  readonly pauses?: readonly string[];
};

/** The keys of every provisioner. */
export const commonRules = {
  type: 'read',
  // HCL2 has it.
  name: 'read',
  only: 'read',
  except: 'read',
  override: 'read',
  pause_before: 'read',
  timeout: 'read',
  max_retries: 'read',
} as const satisfies Rules;

/** Keys that have the same name here, as texts. */
export const sameTexts = (keys: ImportKeys, names: readonly string[]): MadeProvisioners =>
  names.flatMap((key) => {
    const value = keys.text(key);
    return value === undefined || value === '' ? [] : [{ key, value, from: keys.at(key) }];
  });

/** `type`, and what every provisioner may have. */
export const commonOf = (keys: ImportKeys, type: string): MadeProvisioners => {
  const retries = keys.whole('max_retries');
  return [
    { key: 'type', value: type, from: keys.at('type') },
    ...sameTexts(keys, ['name', 'pause_before', 'timeout']),
    ...(retries === undefined ? [] : [{ key: 'max_retries', value: retries, from: keys.at('max_retries') }]),
  ];
};
