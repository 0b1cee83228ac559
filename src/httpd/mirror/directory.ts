import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../base/fault.ts';
import { signedSumsFile } from '../../base/openbsd/mirror-layout.ts';
import { orAborted } from '../../base/waiting.ts';
import { isSame, hexOf, stampOf, type Stamp } from '../../fetch/digest.ts';
import type { Verifier } from './signed.ts';
import type { MirrorSource, MirrorPlace, Signed } from './types.ts';

type Hashed = { readonly stamp: Stamp; readonly sha256: Promise<string> };

const openIn = async (directory: string, { folder }: MirrorPlace, name: string): Promise<FileHandle> => {
  const path = join(directory, folder, name);
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if ((await handle.stat()).isFile()) return handle;
    await handle.close();
  } catch (error) {
    throw new Fault(
      'mirror_refused',
      `${folder}/${name} cannot be read in the mirror of this host.`,
      { path },
      { cause: error },
    );
  }
  throw new Fault('mirror_refused', `${folder}/${name} is not a file in the mirror of this host.`, { path });
};

/** A mirror's files from a folder of this host that is laid out as `pub/OpenBSD`. Nothing in it is ever changed. */
export const makeDirectory = (directory: string, verifier: Verifier): MirrorSource => {
  const stopping = new AbortController();
  const signed = new Map<string, { readonly stamp: Stamp; readonly signed: Promise<Signed> }>();
  // By path; there are as many as there are signed names.
  const hashed = new Map<string, Hashed>();

  const hashOf = async (path: string, handle: FileHandle, stamp: Stamp): Promise<string> => {
    const before = hashed.get(path);
    if (before && isSame(before.stamp, stamp)) return before.sha256;
    const now = { stamp, sha256: hexOf(handle) };
    hashed.set(path, now);
    now.sha256.catch(() => {
      if (hashed.get(path) === now) hashed.delete(path);
    });
    return now.sha256;
  };

  const signedFor: MirrorSource['signed'] = async (place, signal) => {
    await verifier.expect(place);
    await using handle = await openIn(directory, place, signedSumsFile);
    const stamp = stampOf(await handle.stat());
    const before = signed.get(place.folder);
    if (before && isSame(before.stamp, stamp)) return orAborted(before.signed, signal);
    const verifying = verifier.verify(place, await handle.readFile('utf8'), stopping.signal);
    const now = { stamp, signed: verifying };
    signed.set(place.folder, now);
    verifying.catch(() => {
      // Keys may be put right without a change of this file.
      if (signed.get(place.folder) === now) signed.delete(place.folder);
    });
    return orAborted(verifying, signal);
  };

  return {
    signed: signedFor,
    signedAtHand: signedFor,
    open: async (place, sha256, key) => {
      const path = `${place.folder}/${place.name}`;
      const handle = await openIn(directory, place, place.name);
      try {
        const stats = await handle.stat();
        const saw = await hashOf(path, handle, stampOf(stats));
        if (saw !== sha256)
          throw new Fault(
            'mirror_damaged',
            `${path} in the mirror of this host is not the file that is signed: its SHA-256 is ${saw}, not ${sha256}.`,
            {
              expected: sha256,
              saw,
            },
          );
        return { kind: 'file', handle, stats, set: { path, sha256, bytes: stats.size, from: 'directory', key } };
      } catch (error) {
        await handle.close();
        throw error;
      }
    },
    [Symbol.asyncDispose]: async () => stopping.abort(new Fault('draining', 'The daemon is stopping.')),
  };
};
