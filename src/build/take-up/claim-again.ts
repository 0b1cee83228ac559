import type { Ids } from '../../base/ids.ts';
import type { Claim } from '../../queue/records.ts';
import type { Store } from '../../queue/store.ts';
import type { Folders } from '../folders/folders.ts';
import { keysBeneath, readJournal } from './journal.ts';
import { whyAnew } from './rules.ts';

export type TakenUp = {
  readonly claim: Claim;
  readonly slot: number;
  /** The keys of the layers beneath its disks, which may not be finished. */
  readonly layers: readonly string[];
};

type Parts = {
  readonly store: Store;
  readonly folders: Folders;
  readonly ids: Pick<Ids, 'secret'>;
  /** How many workers there are now. */
  readonly slots: number;
  readonly leaseMs: number;
  /** Unix milliseconds. */
  readonly hostBootedAt: number;
};

/** Claims again, in their slots, the builds of an earlier daemon that can be gone on with; of the others, why not. */
export const claimAgain = async ({ store, folders, ids, slots, leaseMs, hostBootedAt }: Parts) => {
  const takenUp: TakenUp[] = [];
  const anew = new Map<string, string>();
  for (const id of await store.leftovers()) {
    const build = await store.find(id);
    if (build === undefined) continue;
    const { slot } = build;
    const journal = slot === undefined ? undefined : await readJournal(folders.work(slot));
    const why = whyAnew(build, journal, slots);
    if (why !== undefined) anew.set(id, why);
    if (why !== undefined || slot === undefined || journal === undefined) continue;
    const claim = await store.takeUp({ id, token: ids.secret(), leaseMs, hostBootedAt });
    if (claim !== undefined) takenUp.push({ claim, slot, layers: keysBeneath(journal) });
  }
  return { takenUp, anew };
};
