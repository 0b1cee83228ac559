import { join } from 'node:path';
import { digestsOf } from '../../image/digests.ts';
import type { LayerIndex } from '../../queue/layers.ts';
import type { LayerDesk, LayerFile } from '../types.ts';
import { whyNotWhole, type LayerFolders } from './files.ts';

const whyOther = async (folder: string, file: LayerFile, signal: AbortSignal): Promise<string | undefined> => {
  const why = await whyNotWhole(folder, file);
  if (why !== undefined) return why;
  const { digests } = await digestsOf(join(folder, file.name), ['sha256'], signal);
  const sha256 = digests.get('sha256') ?? '';
  return sha256 === file.sha256 ? undefined : `has the SHA-256 ${sha256}, and had ${file.sha256}`;
};

/** See `LayerDesk.verify`. */
export const makeVerify =
  ({ index, folders }: { readonly index: LayerIndex; readonly folders: LayerFolders }): LayerDesk['verify'] =>
  async (onFinding, signal) => {
    let layers = 0;
    for (const { key, files } of await index.links()) {
      layers++;
      for (const file of files) {
        signal.throwIfAborted();
        const why = await whyOther(folders.of(key), file, signal).catch((error: unknown) => {
          signal.throwIfAborted();
          return `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
        });
        if (why === undefined) continue;
        // Evicted meanwhile, it needs no file.
        if ((await index.find(key)) === undefined) break;
        onFinding({ key, file: file.name, message: why });
      }
    }
    return layers;
  };
