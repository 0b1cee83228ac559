import { memoryMbOf, type Config } from '../config/config.ts';
import { freeMb, wholeMb } from '../image/space.ts';
import type { Demand } from '../queue/asked.ts';
import type { Clock } from '../base/clock.ts';
import { Fault } from '../base/fault.ts';
import type { Folders } from './folders/folders.ts';

/** What this host has for builds; the disk's figures leave the configured reserve alone. */
export type Capacity = {
  /** All that it could ever give. */
  readonly whole: () => Promise<Demand>;
  /** What all running builds may take together now; other programs may have filled the disk. */
  readonly now: () => Promise<Demand>;
  /** MiB of disk that are still to be had. */
  readonly roomMb: () => Promise<number>;
  /** Throws `storage_full` when there are none, or fewer than for so many bytes, so that what clients send leaves the reserve alone. */
  readonly checkRoom: (bytes?: number) => Promise<void>;
};

// Every POST asks, and the kernel takes longer to answer than the rest of it.
const freshMs = 1000;

export const capacityOf = (config: () => Config, folders: Folders, clock: Pick<Clock, 'elapsed'>): Capacity => {
  // Neither changes while the daemon runs.
  const memoryMb = memoryMbOf(config());
  let wholeDisk: number | undefined;
  const lessReserve = async (mb: Promise<number>) => (await mb) - config().capacity.disk_reserve;
  const roomMb = () => lessReserve(freeMb(config().data_dir));
  const promised = (mb: number) => Math.floor(mb * config().capacity.overcommit);
  let hadRoomAt = -Infinity;
  return {
    whole: async () => ({
      memoryMb,
      diskMb: promised((wholeDisk ??= await lessReserve(wholeMb(config().data_dir)))),
    }),
    // What running builds have written is theirs already, and is counted with their demand.
    now: async () => ({ memoryMb, diskMb: promised((await roomMb()) + (await folders.workMb())) }),
    roomMb,
    checkRoom: async (bytes = 0) => {
      // That there was room is believed for a moment; that there was none, never.
      if (bytes === 0 && clock.elapsed() < hadRoomAt + freshMs) return;
      const at = clock.elapsed();
      if ((await roomMb()) * 2 ** 20 > bytes) {
        hadRoomAt = at;
        return;
      }
      throw new Fault(
        'storage_full',
        'The disk of this host has less free space than it keeps in reserve. Try again when builds have been deleted.',
      );
    },
  };
};
