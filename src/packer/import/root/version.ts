import type { Notes } from '../../../base/notes.ts';
import type { FieldErrors } from '../../../base/field-errors.ts';

// The release of Packer whose templates are translated.
const [ourMajor, ourMinor] = [1, 16] as const;

/** Judges `min_packer_version`. */
export const judgeVersion = (
  given: unknown,
  { wrong, notes }: { readonly wrong: FieldErrors; readonly notes: Notes },
): void => {
  const at = '/min_packer_version';
  if (given === undefined || given === null) return;
  const [, major, minor] =
    /^v?(\d{1,4})\.(\d{1,4})(?:\.\d{1,4})?(?:[-+].*)?$/.exec(typeof given === 'string' ? given : '') ?? [];
  if (major === undefined) wrong.add(at, 'must be a version such as "1.9.0"');
  else if (Number(major) > ourMajor || (Number(major) === ourMajor && Number(minor) > ourMinor))
    notes.add(at, `asks for a newer Packer than ${ourMajor}.${ourMinor}, whose templates are translated`);
};
