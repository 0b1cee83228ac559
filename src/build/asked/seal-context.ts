import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { showDocument } from '../../base/mask/hidden-values.ts';
import { sealDocument } from '../../openbsd/passwords/seal.ts';
import { isValuesFile } from '../../packer/hcl/file-names.ts';
import { templateFileIn } from '../contexts.ts';
import type { Folders } from '../folders/folders.ts';

/**
 * The document with hashes in place of passwords, as it may be kept. Nothing secret is left in the template of its context,
 * which is read no more.
 */
export const sealContext = async (
  folders: Pick<Folders, 'context'>,
  document: unknown,
  contextId: string | undefined,
  seed: string,
): Promise<unknown> => {
  const sealed = await sealDocument(document, seed);
  const shown = showDocument(sealed);
  if (contextId !== undefined && !isDeepStrictEqual(shown, document))
    // JSON is YAML as well.
    await writeFile(
      join(folders.context(contextId), await templateFileIn(folders.context(contextId))),
      `${JSON.stringify(shown, null, 2)}\n`,
    );
  return sealed;
};

/**
 * Deletes the files of a build's context that give variables of HCL2 their values: they have been read, and may hold secrets.
 * A stored template keeps them, for each of its builds reads them again.
 */
export const removeValues = async (folders: Pick<Folders, 'context'>, contextId: string): Promise<void> => {
  const folder = folders.context(contextId);
  for (const name of await readdir(folder)) if (isValuesFile(name)) await rm(join(folder, name));
};
