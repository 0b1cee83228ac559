import { hostname } from 'node:os';
import { keyFileOf } from '../config/config.ts';
import { makeView } from '../api/builds/view.ts';
import { makeTell } from '../api/deliveries/body.ts';
import { withoutPathsOf } from '../build/outputs/without-paths.ts';
import { migrations, openStore } from '../queue/sqlite/open-store.ts';
import type { Store } from '../queue/store.ts';
import type { SharedParts } from './shared.ts';

/** The store of the daemon, with the lock that says that no other daemon works on it. */
export const openDaemonStore = async ({ config, folders, clock, logger }: SharedParts): Promise<Store> => {
  const { attempts, limits } = config();
  return openStore({
    file: folders.store,
    place: await folders.storePlace(),
    migrations,
    keyFile: keyFileOf(config()),
    clock,
    host: hostname(),
    attempts,
    limits: {
      queued: limits.queue,
      templates: limits.templates,
      templateVersions: limits.template_versions,
      pins: limits.pins,
    },
    tell: makeTell(makeView({ withoutPaths: withoutPathsOf(folders) })),
    log: logger,
  });
};
