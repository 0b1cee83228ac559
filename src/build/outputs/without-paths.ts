import type { Folders } from '../folders/folders.ts';
import type { Outputs } from './outputs.ts';

/** See `Outputs.withoutPaths`. */
export const withoutPathsOf =
  (folders: Pick<Folders, 'build'>): Outputs['withoutPaths'] =>
  (buildId, text) =>
    text.replaceAll(folders.build(buildId), '<build>');
