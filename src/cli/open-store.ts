import { foldersBelow, type Folders } from '../build/folders/folders.ts';
import { systemClock } from '../base/clock.ts';
import { checkConfig, keyFileOf, readConfig, type Config } from '../config/config.ts';
import { migrations, openStore } from '../queue/sqlite/open-store.ts';
import type { Store } from '../queue/store.ts';

/** The store of a configuration, beside a daemon that may be running. */
export const openStoreBeside = async (
  file: string,
): Promise<{ readonly config: Config; readonly folders: Folders; readonly store: Store }> => {
  const config = await readConfig(file);
  await checkConfig(config, file);
  const folders = foldersBelow(config.data_dir, config.run_dir);
  const store = await openStore({
    file: folders.store,
    place: await folders.storePlace(),
    migrations,
    keyFile: keyFileOf(config),
    clock: systemClock,
    shared: true,
  });
  return { config, folders, store };
};
