import { z } from 'zod';
import { strict } from '../template/document/words.ts';
import { commonKeys } from './common.ts';
import type { ConsoleKind } from './kind.ts';
import { judgeAllowed } from './on-host/allowed.ts';
import {
  hasOneLocalSource,
  localKeys,
  localScriptsOf,
  localWorks,
  planOfLocal,
  type LocalScripts,
} from './on-host/local-scripts.ts';
import { factVariables } from './packer-facts.ts';

const about = 'scripts on the host of the daemon, where its configuration allows that';

const Schema = strict({ type: z.literal('shell-local'), ...commonKeys, ...localKeys })
  .refine(...hasOneLocalSource)
  .describe(about);

/** Scripts on the host, with the keys of Packer's provisioner. */
export const shellLocal = {
  type: 'shell-local',
  about,
  needs: 'console',
  Schema,
  resolve: (asked, place) => {
    judgeAllowed('shell-local', place);
    return localScriptsOf(asked, place.pointer, place.fields);
  },
  plan: planOfLocal,
  run: async (settings, tools, signal) => {
    if (settings.isForOthers) return;
    for (const work of localWorks(settings, factVariables(tools), tools.runtime))
      await tools.onHost('slot', (host) => work(host, tools, signal));
  },
} as const satisfies ConsoleKind<typeof Schema, LocalScripts>;
