import { makeSiteSet } from '../../../openbsd/site-set.ts';
import type { Job } from '../../job.ts';
import type { Step } from '../../plan.ts';
import { siteSetFile } from '../../media/site-files.ts';

/** The site sets that the installer will fetch, packed from files of the context. */
export const buildSiteSets = {
  name: 'build-site-sets',
  phase: 'preparing',
  timeoutMs: 600_000,
  async run({ job, workspace }, { log, signal }) {
    for (const entry of job.spec.http) {
      if (entry.kind !== 'site') continue;
      const { folder, script, firstTime, scriptName } = entry.site;
      const { files, bytes } = await makeSiteSet(
        {
          to: siteSetFile(workspace, entry.path),
          scriptName,
          ...(folder === undefined ? {} : { folder: folder.path }),
          ...(script === undefined ? {} : { script: script.path }),
          ...(firstTime === undefined ? {} : { firstTime: firstTime.path }),
        },
        signal,
      );
      log(`packed ${entry.path}: ${files} files, ${bytes} bytes`);
    }
    return {};
  },
} satisfies Step<{ job: Job; workspace: string }, object>;
