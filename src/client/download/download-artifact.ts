import { rm } from 'node:fs/promises';
import { systemClock, type Clock } from '../../base/clock.ts';
import { asFault, Fault } from '../../base/fault.ts';
import { retry } from '../../base/waiting.ts';
import { findArtifact, type ArtifactAbout } from './about.ts';
import { mayPass, unlessSilent } from './ask.ts';
import { fetchRest, patience } from './fetch-rest.ts';
import { openPart } from './part.ts';
import { placeOf, putInPlace, refuseExisting, type DownloadPlace } from './place.ts';
import { rateOf } from './rate.ts';
import { readPublicKey } from './signify.ts';
import type { DownloadApi, DownloadProgress } from './types.ts';
import { checkSigned } from './verify.ts';

export type DownloadAsk = {
  readonly api: DownloadApi;
  /** The build's id. */
  readonly build: string;
  /** Its name, or `SHA256`. */
  readonly artifact: string;
  /** The folder it comes into. */
  readonly to: string;
  /** Whether to go on with what an earlier try left there. */
  readonly resume: boolean;
  /** What becomes of a file that is there already; default: it is refused. */
  readonly existing?: 'refuse' | 'replace';
  /** A public key of signify(1), which must have signed it. */
  readonly publicKey?: string;
  readonly clock?: Clock;
};

/** Fetches what is missing and holds it against its digest. What came in several pieces, of whatever, is fetched anew once. */
const fetchWhole = async (
  { api, build, resume }: DownloadAsk,
  { about, part: path }: { readonly about: ArtifactAbout; readonly part: string },
  onProgress: (progress: DownloadProgress) => void,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> => {
  const { size, sha256, name } = about;
  let saw = '';
  for (const round of ['first', 'last']) {
    await using part = await openPart(path, { size, resume: resume && round === 'first', signal });
    const isPieced = part.have() > 0;
    const rate = rateOf(clock);
    const came = () => onProgress({ have: part.have(), size, rate: rate(part.have()) });
    came();
    await fetchRest({ api, build, about, part, came, clock, signal });
    saw = await part.end();
    if (saw === sha256) return;
    if (!isPieced) break;
  }
  await rm(path, { force: true });
  throw new Fault('digest_mismatch', `${name} came with SHA-256 ${saw}, not ${sha256}. Nothing of it is kept.`, {
    expected: sha256,
    saw,
  });
};

/**
 * Downloads an artifact into a folder, under its name: to a hidden file beside it first, which stays when the download
 * breaks off and is gone on with by `resume`. Rides out breaks of the line and restarts of the daemon; what is there in the
 * end has the digest that the build says, and is on the disk. Gives its path. Throws the API's fault; `fetch_failed` when
 * nothing comes for some two minutes, `digest_mismatch`, `invalid_input` where a file of that name is there,
 * `storage_full`, or the signal's reason.
 */
export const downloadArtifact = async (
  ask: DownloadAsk,
  onProgress: (progress: DownloadProgress) => void,
  signal: AbortSignal,
): Promise<string> => {
  const { api, build, artifact, to, existing = 'refuse', publicKey, clock = systemClock } = ask;
  const key = publicKey === undefined ? undefined : await readPublicKey(publicKey);
  const look = () => unlessSilent((until) => findArtifact(api, build, artifact, until), artifact, { clock, signal });
  const about = await retry(look, patience, mayPass, clock, signal);
  const place: DownloadPlace = placeOf(to, about);
  if (existing === 'refuse') await refuseExisting(place);
  try {
    await fetchWhole(ask, { about, part: place.part }, onProgress, clock, signal);
    if (key !== undefined) await checkSigned({ api, build, clock, signal }, about, place.part, key);
    await putInPlace(place, to, existing);
  } catch (error) {
    signal.throwIfAborted();
    const fault = asFault(error);
    throw fault.code === 'internal' ? error : fault;
  }
  return place.file;
};
