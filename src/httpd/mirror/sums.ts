import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../../base/clock.ts';
import { asFault, Fault } from '../../base/fault.ts';
import { writeWhole } from '../../base/file/write-whole.ts';
import { signedSumsFile } from '../../base/openbsd/mirror-layout.ts';
import { orAborted, retry, type RetryPolicy } from '../../base/waiting.ts';
import { ask } from '../../outward/request.ts';
import { refusal } from '../../fetch/source.ts';
import { firstBytes } from '../../outward/first-bytes.ts';
import { broken, mayPass } from '../../outward/peer.ts';
import { buildDateOf, refuseOlder } from './build-date.ts';
import { mirrorSource } from './source.ts';
import type { Verifier } from './signed.ts';
import type { MirrorPlace, Signed } from './types.ts';

/** How long a verified SHA256.sig is good for, and how long a failure is, in ms. */
export type SumsAges = { readonly releaseMs: number; readonly snapshotMs: number; readonly failureMs: number };

export const usualAges: SumsAges = { releaseMs: 86_400_000, snapshotMs: 600_000, failureMs: 10_000 };

const About = z.strictObject({
  askedAt: z.number(),
  etag: z.string().optional(),
  lastModified: z.string().optional(),
  /** When its sets were built (Unix seconds), where it is known. */
  built: z.number().optional(),
});

type State = {
  signed?: Signed;
  about?: z.infer<typeof About>;
  failed?: { readonly fault: Fault; readonly at: number };
  asking?: Promise<Signed>;
};

const longestSums = 1024 * 1024;

type SumsParts = {
  readonly upstream: URL;
  /** Where the verified ones are kept, so that they outlive the daemon and an upstream that is down. */
  readonly folder: string;
  readonly verifier: Verifier;
  readonly ages: SumsAges;
  readonly silentMs: number;
  readonly policy: RetryPolicy;
  readonly clock: Clock;
  /** The daemon's: a guest that leaves does not end the question for others. */
  readonly signal: AbortSignal;
  readonly warn: (facts: Readonly<Record<string, unknown>>, message: string) => void;
};

export type UpstreamSums = {
  readonly signed: (place: MirrorPlace, signal: AbortSignal) => Promise<Signed>;
  /** The one at hand while its age is not over; undefined: upstream would be asked. */
  readonly atHand: (place: MirrorPlace, signal: AbortSignal) => Promise<Signed | undefined>;
  /** What upstream has does not fit to it: a snapshot may have moved on, so it is asked for again whatever its age. */
  readonly doubt: (folder: string) => void;
};

type Kept = Pick<State, 'signed'> & { readonly about: z.infer<typeof About> };

/** The verified SHA256.sig of each folder on disk, and what upstream said of it. */
const makeKeptSums = (folder: string, verifier: Verifier, signal: AbortSignal) => {
  const fileOf = (place: MirrorPlace, end: string) => join(folder, `${place.folder.replaceAll('/', '_')}.${end}`);
  const writeAbout = (place: MirrorPlace, about: Kept['about']) =>
    writeWhole(fileOf(place, 'json'), JSON.stringify(about));
  return {
    read: async (place: MirrorPlace): Promise<Kept> => {
      let signed: Signed | undefined;
      try {
        signed = await verifier.verify(place, await readFile(fileOf(place, 'sig'), 'utf8'), signal);
        return { signed, about: About.parse(JSON.parse(await readFile(fileOf(place, 'json'), 'utf8'))) };
      } catch {
        // Not there, or not good any more: it is asked for from upstream.
        return { ...(signed ? { signed } : {}), about: { askedAt: 0 } };
      }
    },
    writeAbout,
    write: async (place: MirrorPlace, text: string, about: Kept['about']): Promise<void> => {
      await writeWhole(fileOf(place, 'sig'), text);
      await writeAbout(place, about);
    },
  };
};

/** Headers that ask for the file only if it is another than the one at hand. */
const conditionsOf = ({ signed, about }: State): Readonly<Record<string, string>> => {
  const { etag, lastModified } = signed ? (about ?? {}) : {};
  return {
    ...(etag === undefined ? {} : { 'if-none-match': etag }),
    ...(lastModified === undefined ? {} : { 'if-modified-since': lastModified }),
  };
};

/**
 * When it was built. Throws `mirror_damaged` where the one at hand was built later: an upstream that could go back would give
 * guests the sets of last month, signed as they were. A mirror that has never given a date has none to be held to.
 */
const dateOf = async (place: MirrorPlace, signed: Signed, { signed: older, about }: State, parts: SumsParts) => {
  const atHand = older && about?.built;
  if (atHand !== undefined && signed.text === older?.text) return { built: atHand };
  try {
    const built = await buildDateOf(place, signed, parts);
    if (atHand !== undefined) refuseOlder(place, built, atHand);
    return built === undefined ? {} : { built };
  } catch (error) {
    parts.signal.throwIfAborted();
    if (atHand !== undefined) throw error;
    return {};
  }
};

/** Asks upstream once, and keeps what it gives, verified, in the state and on disk. */
const fetchSums = async (
  place: MirrorPlace,
  state: State,
  parts: SumsParts,
  kept: ReturnType<typeof makeKeptSums>,
): Promise<Signed> => {
  const { upstream, verifier, silentMs, clock, signal } = parts;
  const url = new URL(`${upstream.href.replace(/\/$/, '')}/${place.folder}/${signedSumsFile}`);
  const reply = await ask(url, { peer: mirrorSource, headers: conditionsOf(state), silentMs, signal });
  const { statusCode: status = 0, headers: came } = reply;
  if (status === 304 && state.signed) {
    reply.destroy();
    state.about = { ...state.about, ...(await dateOf(place, state.signed, state, parts)), askedAt: clock.now() };
    await kept.writeAbout(place, state.about);
    return state.signed;
  }
  if (status !== 200) {
    reply.destroy();
    throw refusal(mirrorSource, url, status);
  }
  const text = await textOf(reply).catch((error: unknown) => {
    throw broken(mirrorSource, error, url, signal);
  });
  const signed = await verifier.verify(place, text, signal);
  const date = await dateOf(place, signed, state, parts);
  state.signed = signed;
  state.about = {
    askedAt: clock.now(),
    ...date,
    ...(came.etag === undefined ? {} : { etag: came.etag }),
    ...(came['last-modified'] === undefined ? {} : { lastModified: came['last-modified'] }),
  };
  await kept.write(place, text, state.about);
  return signed;
};

/**
 * The verified SHA256.sig of each folder of an upstream. It is asked for again, conditionally, when its age is over;
 * where that fails, or brings one that was built earlier, and a verified one is there, that one goes on and the failure is told to the log.
 */
// One closure, though long: all of it is about what is known of each folder.
export const makeUpstreamSums = (parts: SumsParts): UpstreamSums => {
  const { folder, verifier, ages, clock, signal: daemon, warn } = parts;
  // As many as there are folders with a key: a guest cannot make this grow.
  const states = new Map<string, State>();
  const kept = makeKeptSums(folder, verifier, daemon);

  const stateOf = (place: MirrorPlace): State => {
    const state = states.get(place.folder) ?? {};
    states.set(place.folder, state);
    return state;
  };

  /** The one at hand, and whether its age is not over. */
  const recall = async (place: MirrorPlace, state: State) => {
    if (state.about === undefined) {
      const found = await kept.read(place);
      // Upstream may have given a newer one meanwhile.
      if (state.about === undefined) Object.assign(state, found);
    }
    const ageMs = place.release === 'snapshots' ? ages.snapshotMs : ages.releaseMs;
    const age = clock.now() - (state.about?.askedAt ?? 0);
    // Below zero when the host's clock was set back.
    return { older: state.signed, isFresh: age >= 0 && age < ageMs };
  };

  const refresh = async (place: MirrorPlace, state: State): Promise<Signed> => {
    const { older, isFresh } = await recall(place, state);
    if (older && isFresh) return older;
    try {
      // With an older one at hand, one attempt is enough.
      const attempts = older ? 1 : parts.policy.attempts;
      const signed = await retry(
        () => fetchSums(place, state, parts, kept),
        { ...parts.policy, attempts },
        mayPass,
        clock,
        daemon,
      );
      delete state.failed;
      return signed;
    } catch (error) {
      daemon.throwIfAborted();
      const fault = asFault(error);
      state.failed = { fault, at: clock.now() };
      if (!older) throw fault;
      warn({ folder: place.folder, why: fault.message }, 'the mirror goes on with the SHA256.sig that it has');
      return older;
    }
  };

  return {
    signed: async (place, signal) => {
      await verifier.expect(place);
      const state = stateOf(place);
      const { failed } = state;
      if (failed && clock.now() - failed.at < ages.failureMs) {
        if (state.signed) return state.signed;
        throw failed.fault;
      }
      state.asking ??= refresh(place, state).finally(() => delete state.asking);
      return orAborted(state.asking, signal);
    },
    atHand: async (place, signal) => {
      await verifier.expect(place);
      const { older, isFresh } = await orAborted(recall(place, stateOf(place)), signal);
      return isFresh ? older : undefined;
    },
    doubt: (folder) => {
      const state = states.get(folder);
      if (state?.about) state.about = { ...state.about, askedAt: 0 };
    },
  };
};

const textOf = async (body: AsyncIterable<Buffer>): Promise<string> => {
  const { bytes, isAll } = await firstBytes(body, longestSums);
  if (!isAll) throw new Fault('mirror_damaged', `What came as SHA256.sig is larger than ${longestSums} bytes.`);
  return bytes.toString('utf8');
};
