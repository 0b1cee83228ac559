import type { FileHandle } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../base/clock.ts';
import { Fault } from '../base/fault.ts';
import { retry, type RetryPolicy } from '../base/waiting.ts';
import { makePart, type PartAbout, type FetchedPart } from './part.ts';
import type { FetchProgress } from './progress.ts';
import { checksumOfKey, type Checksum } from './checksum.ts';
import { rateWatch, type LeastRate } from './rate.ts';
import { broken, mayPass, passing, shownBy } from '../outward/peer.ts';
import { ask } from '../outward/request.ts';
import { refusal, type Source } from './source.ts';

export type Download = {
  readonly url: URL;
  readonly source: Source;
  /** The digest of the file, as a name of the cache. */
  readonly key: string;
  /** Where it is written; what an earlier run left there is resumed. */
  readonly part: string;
  readonly progress: FetchProgress;
  readonly silentMs: number;
  /** How slowly it may come; undefined: as slowly as it likes, if only it comes. */
  readonly leastRate?: LeastRate;
  /** Bytes that the file may have at most; undefined: any number. */
  readonly most?: number;
  readonly policy: RetryPolicy;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly makeRoom: (bytes: number) => Promise<void>;
};

const aboutOf = ({ headers }: IncomingMessage): PartAbout => {
  const { etag, 'last-modified': lastModified, 'content-length': length } = headers;
  return {
    ...(length === undefined ? {} : { length: Number(length) }),
    // A weak one does not promise the same bytes.
    ...(etag === undefined || etag.startsWith('W/') ? {} : { etag }),
    ...(lastModified === undefined ? {} : { lastModified }),
  };
};

const isSameFile = (one: PartAbout, other: PartAbout) =>
  one.length === other.length && one.etag === other.etag && one.lastModified === other.lastModified;

// What a round of attempts must bring at least, so that another one is worth it.
const worthBytes = 1024 * 1024;

/** How many bytes of this reply's body are there already; undefined when it does not fit to them. */
const overlapOf = async (
  reply: IncomingMessage,
  { source, url }: Download,
  part: FetchedPart,
  have: number,
): Promise<number | undefined> => {
  const { statusCode: status = 0, headers } = reply;
  if (headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity')
    throw new Fault(source.unavailable, `${shownBy(source, url)} comes encoded, which was not asked for.`);
  if (status === 206) {
    const [, first, all] = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers['content-range'] ?? '') ?? [];
    part.addPiece();
    return Number(first) === have && Number(all) === part.about().length ? 0 : undefined;
  }
  if (status === 416) return undefined;
  if (status !== 200) throw refusal(source, url, status);
  // A server that knows no ranges sends all again: of the same file, what is there already is passed over.
  if (have > 0 && isSameFile(aboutOf(reply), part.about())) {
    part.addPiece();
    return have;
  }
  await part.begin(aboutOf(reply));
  return 0;
};

/** Headers that ask for what is not there yet, of the same file. */
const rangeOf = ({ length, etag, lastModified }: PartAbout, have: number): Readonly<Record<string, string>> => {
  const validator = etag ?? lastModified;
  const isResuming = have > 0 && length !== undefined;
  return {
    ...(isResuming ? { range: `bytes=${have}-` } : {}),
    ...(isResuming && validator !== undefined ? { 'if-range': validator } : {}),
  };
};

/** Throws where the file has more bytes than it may. */
const refuseLarger = ({ source, url, most }: Download, bytes: number): void => {
  if (most === undefined || bytes <= most) return;
  throw new Fault(
    source.refused,
    `${shownBy(source, url)} has more than the ${most} bytes that are fetched. ${source.advice}`,
    {
      most,
    },
  );
};

// Of a file whose length the server has not said, room is made each time that so much has come.
const roomBytes = 16 * 1024 * 1024;

/** Called before bytes are written: throws where more come than were promised, or than there may be. */
const boundOf = (parts: Download) => {
  const { source, url, progress, makeRoom } = parts;
  let roomFor = progress.have + roomBytes;
  return async (fresh: number): Promise<void> => {
    const bytes = progress.have + fresh;
    refuseLarger(parts, bytes);
    if (progress.length === undefined) {
      if (bytes <= roomFor) return;
      await makeRoom(bytes);
      roomFor = bytes + roomBytes;
    } else if (bytes > progress.length)
      throw passing(source, `${shownBy(source, url)}: more bytes came than the ${progress.length} that were promised.`);
  };
};

/** Asks upstream once for what is missing of the part, and writes it there. */
const takeRest = async (part: FetchedPart, parts: Download): Promise<void> => {
  const { source, url, progress, silentMs, clock, signal } = parts;
  const reply = await ask(url, { peer: source, headers: rangeOf(part.about(), progress.have), silentMs, signal });
  const rate = rateWatch(parts.leastRate, clock);
  try {
    let passOver = await overlapOf(reply, parts, part, progress.have);
    if (passOver === undefined) {
      await part.startOver();
      throw passing(source, `${shownBy(source, url)}: upstream went on with another file than it had begun.`);
    }
    const bound = boundOf(parts);
    try {
      const body: AsyncIterable<Buffer> = reply;
      for await (const bytes of body) {
        const slow = rate(bytes.length);
        if (slow !== undefined) throw passing(source, `${shownBy(source, url)}: ${slow}.`);
        await bound(Math.max(0, bytes.length - passOver));
        if (passOver < bytes.length) await part.write(passOver === 0 ? bytes : bytes.subarray(passOver));
        passOver = Math.max(0, passOver - bytes.length);
      }
    } catch (error) {
      throw part.hasDiskFailed() ? error : broken(source, error, url, signal);
    }
  } finally {
    reply.destroy();
  }
  progress.length ??= progress.have;
  if (progress.have !== progress.length)
    throw passing(
      source,
      `${shownBy(source, url)}: ${progress.have} bytes came where ${progress.length} were promised.`,
    );
};

/** Throws where the part is not the file that is signed, after it has made room for another try. */
const checkDigest = async (
  part: FetchedPart,
  { source, url }: Download,
  { algorithm, hex }: Checksum,
): Promise<void> => {
  const saw = part.hex();
  if (saw === hex) return;
  // The pieces may be of different files; a whole one is what upstream has.
  if (part.isPieced()) {
    await part.startOver();
    throw passing(source, `${shownBy(source, url)}: the pieces that came do not make ${source.right}.`);
  }
  await part.remove();
  throw new Fault(
    source.damaged,
    `${shownBy(source, url)} is not ${source.right}: its ${algorithm.toUpperCase().replace(/^SHA/, 'SHA-')} is ${saw}, not ${hex}.`,
    { expected: hex, saw },
  );
};

/**
 * Downloads a file whose digest is known, through breaks and restarts: each attempt goes on behind the bytes that are
 * there. What is there in the end is hashed, and on disk. Throws the source's faults: `unavailable` when it cannot be
 * reached, `refused` when it does not have the file, `damaged` with both digests when it has another, `too_large`; errors of
 * the disk as they are, or the signal's reason. A part that is wrong is deleted; any other stays, to be resumed.
 */
export const download = async (handle: FileHandle, parts: Download): Promise<void> => {
  const { progress, policy, clock, signal, makeRoom } = parts;
  const checksum = checksumOfKey(parts.key);
  const { algorithm } = checksum;
  const begun = async (bytes: number) => {
    refuseLarger(parts, bytes);
    await makeRoom(bytes);
  };
  const part = makePart(handle, { path: parts.part, algorithm, progress, signal, makeRoom: begun });
  const attempt = async () => {
    signal.throwIfAborted();
    if (progress.length === undefined || progress.have < progress.length) await takeRest(part, parts);
    await checkDigest(part, parts, checksum);
  };
  await part.goOn();
  for (let before = progress.have, isDone = false; !isDone;) {
    try {
      await retry(attempt, policy, mayPass, clock, signal);
      isDone = true;
    } catch (error) {
      // A line that breaks often still brings a large file, as long as each round of attempts brings something of it.
      if (!mayPass(error) || progress.have - before < worthBytes) throw error;
      before = progress.have;
    }
  }
  await handle.sync();
};
