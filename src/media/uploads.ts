import type { Readable } from 'node:stream';
import { bounds } from '../base/bounds.ts';
import { Fault } from '../base/fault.ts';
import type { Ids } from '../base/ids.ts';
import { checksumText, type Checksum } from '../fetch/checksum.ts';
import { openShelf, type Medium, type MediaShelf } from './shelf.ts';
import { receiveFile } from './receive-file.ts';

/**
 * The media that clients have uploaded. Each upload is a file of its own; the newest of a name is what the name stands for,
 * and an older one goes when no build uses it any more.
 */
export type Uploads = {
  /** By name. */
  readonly list: () => readonly Medium[];
  readonly find: (name: string) => Medium | undefined;
  readonly pathOf: (medium: Medium) => string;
  /** The newest file of this digest. */
  readonly ofDigest: (checksum: Checksum) => string | undefined;
  /**
   * Takes the bytes as the newest of this name. Throws `too_large`, `storage_full`, `digest_mismatch` where they are not what
   * is `expected`, or the signal's reason; then nothing is left of it.
   */
  readonly receive: (
    ask: {
      readonly name: string;
      readonly by: string;
      readonly expected: readonly Checksum[];
      readonly body: Readable;
    },
    signal: AbortSignal,
  ) => Promise<Medium>;
  /** Forgets a name; false where it has none. Throws `base_in_use` while a build uses it. */
  readonly remove: (name: string) => Promise<boolean>;
  /** Deletes what was replaced and is not in use any more. */
  readonly sweep: () => Promise<void>;
};

export type UploadParts = {
  readonly folder: string;
  readonly limits: { readonly mostBytes: number; readonly totalBytes: number };
  readonly ids: Ids;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Throws `storage_full` where nothing more may be kept. */
  readonly checkRoom: () => Promise<void>;
  /** The build that uses a file. */
  readonly userOf: (path: string) => string | undefined;
};

const checkDigests = (digests: Medium['digests'], expected: readonly Checksum[]): void => {
  for (const { algorithm, hex } of expected) {
    const saw = digests[algorithm];
    if (saw === hex) continue;
    const facts = { expected: hex, saw };
    throw new Fault(
      'digest_mismatch',
      `What came has ${checksumText({ algorithm, hex: saw })}, and ${hex} was announced. Send it again.`,
      facts,
    );
  }
};

/** Counts what is on its way with what is there, so that uploads that come together do not count on the same room. */
const makeRoom = ({ limits, checkRoom }: UploadParts, shelf: MediaShelf) => {
  const coming = new Map<string, number>();
  const allBytes = () =>
    [...shelf.all().map(({ bytes }) => bytes), ...coming.values()].reduce((sum, bytes) => sum + bytes, 0);
  return {
    /** So many bytes of an upload have come. Throws `too_large`, `storage_full`. */
    count: async (id: string, bytes: number): Promise<void> => {
      if (bytes > limits.mostBytes)
        throw new Fault(
          'too_large',
          `The body has more than the ${limits.mostBytes} bytes that [uploads] max_size allows.`,
          { most: limits.mostBytes },
        );
      coming.set(id, bytes);
      if (shelf.all().length + coming.size > bounds.uploads)
        throw new Fault('storage_full', `There are ${bounds.uploads} uploaded media, the most that are kept. Delete some.`); // prettier-ignore
      if (allBytes() > limits.totalBytes)
        throw new Fault(
          'storage_full',
          `Uploaded media would take more than the ${limits.totalBytes} bytes that [uploads] total allows. Delete some.`,
        );
      await checkRoom();
    },
    over: (id: string): void => void coming.delete(id),
  };
};

export const openUploads = async (parts: UploadParts): Promise<Uploads> => {
  const { folder, ids, now, userOf } = parts;
  const shelf = await openShelf(folder);
  const room = makeRoom(parts, shelf);

  const sweep = async () => {
    for (const medium of shelf.replaced()) if (userOf(shelf.pathOf(medium)) === undefined) await shelf.remove(medium);
  };

  return {
    list: shelf.newest,
    find: (name) => shelf.newest().find((medium) => medium.name === name),
    pathOf: shelf.pathOf,
    ofDigest: ({ algorithm, hex }) => {
      const found = shelf.newest().find(({ digests }) => digests[algorithm] === hex);
      return found && shelf.pathOf(found);
    },
    receive: async ({ name, by, expected, body }, signal) => {
      const id = ids.id();
      try {
        await room.count(id, 0);
        const place = await shelf.begin(id);
        try {
          const { bytes, digests } = await receiveFile(body, place.path, (sum) => room.count(id, sum), signal);
          checkDigests(digests, expected);
          const medium = await place.keep({ id, name, by, bytes, digests, uploadedAt: now() });
          await sweep();
          return medium;
        } catch (error) {
          await place.drop();
          throw error;
        }
      } finally {
        room.over(id);
      }
    },
    remove: async (name) => {
      // With those that it has replaced and that are still in use: they must not come back in its place.
      const versions = shelf.all().filter((one) => one.name === name);
      const user = versions.map((one) => userOf(shelf.pathOf(one))).find((one) => one !== undefined);
      if (user !== undefined)
        throw new Fault('base_in_use', `Build ${user} uses the medium ${name}. Wait for its end, or cancel it.`);
      for (const one of versions) await shelf.remove(one);
      return versions.length > 0;
    },
    sweep,
  };
};
