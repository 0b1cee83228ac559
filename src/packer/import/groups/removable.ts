import type { Rules } from '../keys.ts';

const floppy = {
  refuse:
    'no floppy is made of files: serve them under "http_directory", or make its image and write "floppy": "media:..." in "machine" of the translation',
} as const;
const cd = {
  refuse: 'no CD is made of files: serve them under "http_directory"',
} as const;
const label = { idle: 'no such medium is made' } as const;

/** Packer's keys for media that it makes of files. */
export const removableRules = {
  floppy_files: floppy,
  floppy_dirs: floppy,
  floppy_content: floppy,
  floppy_label: label,
  cd_files: cd,
  cd_content: cd,
  cd_label: label,
} as const satisfies Rules;
