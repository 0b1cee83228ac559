import type { Builder } from '../builder.ts';

/** A name that a file may be published under, of one that a builder may have: with blanks, say. */
const fileName = (name: string): string => name.replace(/[^A-Za-z0-9._+@=-]+/g, '-');

/** What Packer calls the disk of a builder, and the place that says so: `vm_name`, or its default with the builder's name. */
const diskName = ({ keys }: Builder): { readonly name: string; readonly from: string } => {
  const given = keys.text('vm_name');
  if (given !== undefined && given !== '') return { name: given, from: keys.at('vm_name') };
  return { name: fileName(`packer-${keys.known('name') ?? keys.known('type') ?? ''}`), from: keys.pointer };
};

/** The names of a disk and of those that are added to it. */
export const diskNames = (builder: Builder): { readonly names: readonly string[]; readonly from: string } => {
  const { name, from } = diskName(builder);
  const more = builder.keys.list('disk_additional_size') ?? [];
  return { names: [name, ...more.map((_, index) => `${name}-${index + 1}`)], from };
};
