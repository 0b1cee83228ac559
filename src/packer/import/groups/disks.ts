import type { Builder } from '../builder.ts';

/** A disk of Packer's: sizes are texts, with MB for a bare number. */
export type DiskAsked = { readonly size?: string; readonly from: string };

/** The disks of a machine, the first of them with what it begins with. */
export const putDisks = (
  { draft }: Builder,
  disks: readonly [DiskAsked, ...DiskAsked[]],
  first: {
    readonly format?: string | undefined;
    readonly base?: { readonly image: unknown; readonly from: string } | undefined;
  },
): void => {
  for (const [index, { size, from }] of disks.entries()) {
    draft.put(['machine', 'disks', index], {}, from);
    if (size !== undefined) draft.put(['machine', 'disks', index, 'size'], size, from);
  }
  if (first.base !== undefined) draft.put(['machine', 'disks', 0, 'base'], first.base.image, first.base.from);
  // A disk that is made of another one is qcow2.
  else if (first.format !== undefined) draft.put(['machine', 'disks', 0, 'format'], first.format, disks[0].from);
};

/** The disks that stand in Packer's `disk_size` and `disk_additional_size`. */
export const disksOf = ({ keys }: Builder, defaultMb: number | undefined): readonly [DiskAsked, ...DiskAsked[]] => {
  const given = keys.text('disk_size') ?? '';
  // Packer takes nothing and zero for its default (packer-plugin-qemu, config.go).
  const isDefault = ['', '0'].includes(given.trim());
  const size = !isDefault ? given : defaultMb === undefined ? undefined : `${defaultMb}M`;
  const from = isDefault ? keys.pointer : keys.at('disk_size');
  const more = keys.list('disk_additional_size') ?? [];
  return [{ ...(size === undefined ? {} : { size }), from }, ...more.map(({ text, at }) => ({ size: text, from: at }))];
};

/** Publishes each disk under the name that Packer's file has. */
export const putArtifacts = (
  { draft, artifacts }: Builder,
  names: readonly string[],
  format: string,
  from: string,
): void => {
  for (const [disk, name] of names.entries()) {
    draft.put(['artifacts', disk], { name, format, disk }, from);
    artifacts.push(name);
  }
};
