import { stat } from 'node:fs/promises';
import { kindOfFile, type MediumKind } from './kind.ts';

/** A medium of the configuration; without kind and size where it cannot be read. */
export type ConfiguredMedium = { readonly name: string; readonly kind?: MediumKind; readonly bytes?: number };

/** The media of the configuration, by name. */
export const configuredMedia = (media: Readonly<Record<string, string>>): Promise<readonly ConfiguredMedium[]> =>
  Promise.all(
    Object.entries(media)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(async ([name, path]) => {
        try {
          const kind = await kindOfFile(path);
          return { name, kind, ...(kind === 'folder' ? {} : { bytes: (await stat(path)).size }) };
        } catch {
          // The host checks say what is wrong with it.
          return { name };
        }
      }),
  );
