import { createHash } from 'node:crypto';
import { join } from 'node:path';

/** Where a build keeps the site set that its endpoint serves under `path`. */
export const siteSetFile = (workspace: string, path: string): string =>
  join(workspace, `site-${createHash('sha256').update(path).digest('hex').slice(0, 16)}.tgz`);
