import { dayMs } from '../base/records/day.ts';
import type { Config } from '../config/config.ts';
import { wholeMb } from '../image/space.ts';
import type { ShelfSettings } from '../layers/shelf/parts.ts';

const mb = 2 ** 20;
/**
 * A tenth of the disk holds the layers of a few systems for every image that it holds. At least 4 GiB: two installed systems
 * with what lies over them, for layers give way to builds, and a smaller cache would keep nothing on a small disk.
 */
const usualMb = async (folder: string): Promise<number> => Math.max(4096, Math.floor((await wholeMb(folder)) / 10));

/** What [cache] of the configuration says, as it is now. */
export const layerSettingsOf = (config: () => Config): (() => Promise<ShelfSettings>) => {
  // It does not change while the daemon runs.
  let usual: number | undefined;
  return async () => {
    const { cache, data_dir } = config();
    const sizeMb = cache.size ?? (usual ??= await usualMb(data_dir));
    return { isOn: cache.enabled, bytes: sizeMb * mb, maxAgeMs: cache.days * dayMs };
  };
};
