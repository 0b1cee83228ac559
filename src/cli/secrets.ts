import { foldersBelow } from '../build/folders/folders.ts';
import { checkConfig, keyFileOf, readConfig } from '../config/config.ts';
import { rotateStore } from '../queue/sqlite/encryption/rotate.ts';
import { migrations } from '../queue/sqlite/open-store.ts';

/** Encrypts the store of a stopped daemon with a new key, and says so. */
export const rotateSecrets = async ({ file }: { readonly file: string }): Promise<void> => {
  const config = await readConfig(file);
  await checkConfig(config, file);
  const folders = foldersBelow(config.data_dir, config.run_dir);
  const keyFile = keyFileOf(config);
  const place = await folders.storePlace();
  const { before, now } = rotateStore({ file: folders.store, place, migrations, keyFile });
  process.stdout.write(`${keyFile}: the key ${now} takes the place of ${before}. Copy the file anew.\n`);
};
