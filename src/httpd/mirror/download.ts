import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readFile, rm, type FileHandle } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../base/fault.ts';
import { writeWhole } from '../../base/file/write-whole.ts';
import { retry, type RetryPolicy } from '../../base/waiting.ts';
import { ask, broken, mayPass, passing, refusal } from './request.ts';
import { hashInto } from './digest.ts';
import type { Progress } from './progress.ts';

export type Download = {
  readonly url: URL;
  readonly sha256: string;
  /** Where it is written; what an earlier run left there is resumed. */
  readonly part: string;
  readonly progress: Progress;
  readonly silentMs: number;
  readonly policy: RetryPolicy;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly makeRoom: (bytes: number) => Promise<void>;
};

/** What upstream said of the file that the part is of: it must be the same one to go on (RFC 9110, 13.1.5). */
const About = z.strictObject({
  length: z.number().optional(),
  etag: z.string().optional(),
  lastModified: z.string().optional(),
});
type About = z.infer<typeof About>;

const aboutOf = ({ headers }: IncomingMessage): About => {
  const { etag, 'last-modified': lastModified, 'content-length': length } = headers;
  return {
    ...(length === undefined ? {} : { length: Number(length) }),
    // A weak one does not promise the same bytes.
    ...(etag === undefined || etag.startsWith('W/') ? {} : { etag }),
    ...(lastModified === undefined ? {} : { lastModified }),
  };
};

const isSameFile = (one: About, other: About) =>
  one.length === other.length && one.etag === other.etag && one.lastModified === other.lastModified;

// What a round of attempts must bring at least, so that another one is worth it.
const worthBytes = 1024 * 1024;

/** Opens the part of a download for reading and writing. */
export const openPart = (part: string): Promise<FileHandle> => open(part, constants.O_RDWR | constants.O_CREAT, 0o640);

/**
 * Downloads a file whose SHA-256 is known, through breaks and restarts: each attempt goes on behind the bytes that are
 * there. What is there in the end is hashed, and on disk. Throws `mirror_unavailable` when upstream cannot be reached
 * or does not have it, `mirror_damaged` with both digests when it has another file, errors of the disk as they are, or
 * the signal's reason. A part that is wrong is deleted; any other stays, to be resumed.
 */
export const download = async (handle: FileHandle, parts: Download): Promise<void> => {
  const { url, sha256, part, progress, policy, clock, signal } = parts;
  const memo = `${part}.json`;
  let about: About = {};
  let hash: Hash = createHash('sha256');
  // Whether all that is there came in one reply.
  let isPieced = false;
  let diskFailed = false;

  const startOver = async () => {
    await handle.truncate(0);
    hash = createHash('sha256');
    isPieced = false;
    if (progress.have > 0) progress.round++;
    progress.have = 0;
    progress.length = undefined;
    about = {};
    progress.tell();
  };

  const goOn = async () => {
    const { size } = await handle.stat();
    try {
      about = About.parse(JSON.parse(await readFile(memo, 'utf8')));
      if (about.length !== undefined && size > about.length) throw new Error('longer than its file');
      progress.have = await hashInto(hash, handle, size, signal);
      progress.length = about.length;
      isPieced = size > 0;
      progress.tell();
    } catch {
      signal.throwIfAborted();
      await startOver();
    }
  };

  const begin = async (reply: IncomingMessage) => {
    await startOver();
    about = aboutOf(reply);
    if (about.length !== undefined) await parts.makeRoom(about.length);
    await writeWhole(memo, JSON.stringify(about));
    progress.length = about.length;
    progress.tell();
  };

  /** How many bytes of this reply's body are there already; undefined when it does not fit to them. */
  const overlap = async (reply: IncomingMessage): Promise<number | undefined> => {
    const { statusCode: status = 0, headers } = reply;
    if (headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity')
      throw new Fault('mirror_unavailable', `${url.href} comes encoded, which was not asked for.`);
    if (status === 206) {
      const [, first, all] = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers['content-range'] ?? '') ?? [];
      isPieced = true;
      return Number(first) === progress.have && Number(all) === about.length ? 0 : undefined;
    }
    if (status === 416) return undefined;
    if (status !== 200) throw refusal(url, status);
    // A server that knows no ranges sends all again: of the same file, what is there already is passed over.
    if (progress.have > 0 && isSameFile(aboutOf(reply), about)) {
      isPieced = true;
      return progress.have;
    }
    await begin(reply);
    return 0;
  };

  const write = async (bytes: Buffer) => {
    hash.update(bytes);
    try {
      for (let at = 0; at < bytes.length;)
        at += (await handle.write(bytes, at, bytes.length - at, progress.have + at)).bytesWritten;
    } catch (error) {
      // Asking upstream again would meet the same.
      diskFailed = true;
      throw error;
    }
    progress.have += bytes.length;
    progress.tell();
  };

  const take = async () => {
    const validator = about.etag ?? about.lastModified;
    const isResuming = progress.have > 0 && about.length !== undefined;
    const headers = {
      ...(isResuming ? { range: `bytes=${progress.have}-` } : {}),
      ...(isResuming && validator !== undefined ? { 'if-range': validator } : {}),
    };
    const reply = await ask(url, { headers, silentMs: parts.silentMs, signal });
    try {
      let passOver = await overlap(reply);
      if (passOver === undefined) {
        await startOver();
        throw passing(`${url.href}: upstream went on with another file than it had begun.`);
      }
      try {
        const body: AsyncIterable<Buffer> = reply;
        for await (const bytes of body) {
          if (passOver < bytes.length) await write(passOver === 0 ? bytes : bytes.subarray(passOver));
          passOver = Math.max(0, passOver - bytes.length);
        }
      } catch (error) {
        throw diskFailed ? error : broken(error, url, signal);
      }
    } finally {
      reply.destroy();
    }
    progress.length ??= progress.have;
    if (progress.have !== progress.length)
      throw passing(`${url.href}: ${progress.have} bytes came where ${progress.length} were promised.`);
  };

  const attempt = async () => {
    signal.throwIfAborted();
    if (progress.length === undefined || progress.have < progress.length) await take();
    const saw = hash.digest('hex');
    if (saw === sha256) return;
    // The pieces may be of different files; a whole one is what upstream has.
    if (isPieced) {
      await startOver();
      throw passing(`${url.href}: the pieces that came do not make the file that is signed.`);
    }
    await rm(part, { force: true });
    await rm(memo, { force: true });
    throw new Fault(
      'mirror_damaged',
      `${url.href} is not the file that is signed: its SHA-256 is ${saw}, not ${sha256}.`,
      {
        expected: sha256,
        saw,
      },
    );
  };

  await goOn();
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
