import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../base/fault.ts';
import { sumsIn } from '../../base/sums.ts';
import { wholeBody } from '../api/body.ts';
import { artifactPath, listArtifacts, type ArtifactAbout } from './about.ts';
import { askApi, unlessSilent } from './ask.ts';
import { checkSignature, parseSignature, type PublicKey } from './signify.ts';
import type { DownloadApi } from './types.ts';

type Asking = {
  readonly api: DownloadApi;
  readonly build: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

/** What is signed as a whole, and what is a list of digests, is no larger: see the post-processor `sign`. */
const mostSigned = 64 * 2 ** 20;
const mostList = 2 ** 20;

/** A small file of the build, as its digest says that it is. Throws `digest_mismatch`, `too_large`. */
const fetchWhole = async (
  { api, build, clock, signal }: Asking,
  { name, size, sha256 }: ArtifactAbout,
  most: number,
) => {
  if (size > most) throw new Fault('too_large', `${name} has ${size} bytes, and at most ${most} are read of it.`);
  const path = artifactPath(build, name);
  const bytes = await unlessSilent(
    async (until) => wholeBody(await askApi(api, path, { statuses: [200] }, until), size),
    path,
    { clock, signal },
  );
  if (createHash('sha256').update(bytes).digest('hex') !== sha256)
    throw new Fault('digest_mismatch', `${name} came with another digest than the build says.`);
  return bytes;
};

/** The digests in a list of them that is signed, where it is: the text stands in the signature or in a file of its own. */
const signedSums = async (asking: Asking, sig: ArtifactAbout, artifacts: readonly ArtifactAbout[], key: PublicKey) => {
  const signature = parseSignature(await fetchWhole(asking, sig, mostList), sig.name);
  const list = artifacts.find(({ name }) => `${name}.sig` === sig.name);
  const text =
    signature.embedded.length > 0 || list === undefined ? signature.embedded : await fetchWhole(asking, list, mostList);
  checkSignature(text, signature, key, sig.name);
  return sumsIn(text.toString());
};

/** A signature of something else, or by another key: the next one may be the list's. */
const provesNothing = (error: unknown): error is Fault =>
  error instanceof Fault && (error.code === 'digest_mismatch' || error.code === 'too_large');

/**
 * Proves that a file is signed: it has a signature of its own, or its digest stands in a list that has one. `file` is where
 * the file is, whose digest is known to be right. Throws `digest_mismatch` where none of them is by this key, or there is none.
 */
export const checkSigned = async (
  asking: Asking,
  about: ArtifactAbout,
  file: string,
  key: PublicKey,
): Promise<void> => {
  const artifacts = await listArtifacts(asking.api, asking.build, asking.signal);
  const own = artifacts.find(({ name }) => name === `${about.name}.sig`);
  if (own !== undefined && about.size <= mostSigned) {
    const signature = parseSignature(await fetchWhole(asking, own, mostSigned + mostList), own.name);
    const message = await readFile(file);
    if (signature.embedded.length > 0 && !signature.embedded.equals(message))
      throw new Fault('digest_mismatch', `${own.name} has another text in it than ${about.name}.`);
    return checkSignature(message, signature, key, about.name);
  }
  const lists = artifacts.filter(({ name, size }) => name.endsWith('.sig') && size <= mostList);
  const refused: string[] = [];
  for (const sig of lists) {
    const sums = await signedSums(asking, sig, artifacts, key).catch((error: unknown) => {
      if (!provesNothing(error)) throw error;
      refused.push(error.message);
      return undefined;
    });
    if (sums?.get(about.name) === about.sha256) return;
  }
  throw new Fault(
    'digest_mismatch',
    [
      `Build ${asking.build} has no signature of ${about.name}, nor a signed list with its digest. Its template needs the post-processor "sign".`,
      ...refused,
    ].join(' '),
  );
};
