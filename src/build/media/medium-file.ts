import { join } from 'node:path';

/** Where a build keeps the image of a medium that it has made of files. */
export const mediumFile = (workspace: string, kind: 'cd' | 'floppy'): string =>
  join(workspace, kind === 'cd' ? 'files.iso' : 'files.img');
