import type { FileRef, Spec } from '../spec.ts';

const isRef = (value: object): value is FileRef =>
  'path' in value && 'shown' in value && typeof value.path === 'string' && value.path.startsWith('/');

const below = (value: unknown): readonly FileRef[] => {
  if (typeof value !== 'object' || value === null) return [];
  return [...(isRef(value) ? [value] : []), ...Object.values(value).flatMap(below)];
};

/** The files and folders that go into the machine, by what the template calls them: all but those of its login. */
export const inputsIn = ({ communicator: _, ...spec }: Spec): readonly FileRef[] => below(spec);

/** The paths of all files that a build is made of, as far as they are known. */
export const filesIn = (spec: Spec): readonly string[] => below(spec).map(({ path }) => path);

/** Whether something must be fetched, or proven to be there, before the build begins. */
export const wantsFiles = ({ disks, cdrom, floppy, boot: { kernel, initrd } }: Spec): boolean =>
  [cdrom, floppy, kernel, initrd, ...disks.flatMap(({ base, laterBase }) => [base, laterBase])].some(
    (file) => file?.wanted !== undefined,
  );
