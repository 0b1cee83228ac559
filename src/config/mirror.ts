import { readdir } from 'node:fs/promises';
import { z } from 'zod';
import { errnoOf } from '../base/errno.ts';
import { AbsolutePath, ProgramName, SizeMb } from '../base/units.ts';

const Upstream = z.string().transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url && url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  if (isPlain && /^https?:$/.test(url.protocol)) return url.href.replace(/\/$/, '');
  context.addIssue({
    code: 'custom',
    message: `"${text}" must be the http or https URL of a mirror's pub/OpenBSD, without user, query or fragment`,
  });
  return z.NEVER;
});

/** The table [mirror] of imaged.conf. */
export const Mirror = z
  .strictObject({
    directory: AbsolutePath.optional().describe('A folder of this host that is laid out as pub/OpenBSD of a mirror.'),
    upstream: Upstream.optional().describe("The URL of a mirror's pub/OpenBSD, fetched through a cache in data_dir."),
    keys: AbsolutePath.default('/etc/signify').describe(
      'The folder of the public keys: openbsd-79-base.pub and so on.',
    ),
    signify: ProgramName
      // On Debian, signify is the name of another program.
      .default(process.platform === 'linux' ? 'signify-openbsd' : 'signify')
      .describe('The signify(1) program, by name or absolute path. Default: "signify-openbsd" on Linux.'),
    cache_size: SizeMb.default(20 * 1024).describe(
      'Disk space of what was fetched from upstream; the least recently used goes first.',
    ),
  })
  .refine(({ directory, upstream }) => directory === undefined || upstream === undefined, {
    path: ['upstream'],
    message: 'excludes directory: name one of the two',
  })
  .prefault({});

type Mirror = z.infer<typeof Mirror>;

/** Proves that the folders of a mirror that is used can be read. */
export const checkMirror = async (
  { directory, upstream, keys }: Mirror,
  addError: (pointer: string, message: string) => void,
): Promise<void> => {
  const isUsed = directory !== undefined || upstream !== undefined;
  for (const [key, at] of Object.entries({ directory, keys: isUsed ? keys : undefined })) {
    if (at === undefined) continue;
    await readdir(at).catch((error: unknown) =>
      addError(`mirror.${key}`, `${at} cannot be read as a folder (${errnoOf(error) ?? String(error)})`),
    );
  }
};
