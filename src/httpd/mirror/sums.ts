import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../../base/clock.ts';
import { asFault, Fault } from '../../base/fault.ts';
import { writeWhole } from '../../base/file/write-whole.ts';
import { signedSumsFile } from '../../base/openbsd/mirror-layout.ts';
import { orAborted, retry, type RetryPolicy } from '../../base/waiting.ts';
import { ask, broken, mayPass, refusal } from './request.ts';
import type { Verifier } from './signed.ts';
import type { Place, Signed } from './types.ts';

/** How long a verified SHA256.sig is good for, and how long a failure is, in ms. */
export type SumsAges = { readonly releaseMs: number; readonly snapshotMs: number; readonly failureMs: number };

export const usualAges: SumsAges = { releaseMs: 86_400_000, snapshotMs: 600_000, failureMs: 10_000 };

const About = z.strictObject({
  askedAt: z.number(),
  etag: z.string().optional(),
  lastModified: z.string().optional(),
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
  readonly signed: (place: Place, signal: AbortSignal) => Promise<Signed>;
  /** What upstream has does not fit to it: a snapshot may have moved on, so it is asked for again whatever its age. */
  readonly doubt: (folder: string) => void;
};

/**
 * The verified SHA256.sig of each folder of an upstream. It is asked for again, conditionally, when its age is over;
 * where that fails and an older verified one is there, the older one goes on and the failure is told to the log.
 */
export const makeUpstreamSums = (parts: SumsParts): UpstreamSums => {
  const { upstream, folder, verifier, ages, silentMs, clock, signal: daemon, warn } = parts;
  // As many as there are folders with a key: a guest cannot make this grow.
  const states = new Map<string, State>();
  const fileOf = (place: Place, end: string) => join(folder, `${place.folder.replaceAll('/', '_')}.${end}`);

  const load = async (place: Place, state: State) => {
    try {
      const text = await readFile(fileOf(place, 'sig'), 'utf8');
      state.signed = await verifier.verify(place, text, daemon);
      state.about = About.parse(JSON.parse(await readFile(fileOf(place, 'json'), 'utf8')));
    } catch {
      // Not there, or not good any more: it is asked for from upstream.
      state.about = { askedAt: 0 };
    }
  };

  const fetchOnce = async (place: Place, state: State): Promise<Signed> => {
    const url = new URL(`${upstream.href.replace(/\/$/, '')}/${place.folder}/${signedSumsFile}`);
    const { etag, lastModified } = state.signed ? (state.about ?? {}) : {};
    const headers = {
      ...(etag === undefined ? {} : { 'if-none-match': etag }),
      ...(lastModified === undefined ? {} : { 'if-modified-since': lastModified }),
    };
    const reply = await ask(url, { headers, silentMs, signal: daemon });
    const { statusCode: status = 0, headers: came } = reply;
    if (status === 304 && state.signed) {
      reply.destroy();
      state.about = { ...state.about, askedAt: clock.now() };
      await writeWhole(fileOf(place, 'json'), JSON.stringify(state.about));
      return state.signed;
    }
    if (status !== 200) {
      reply.destroy();
      throw refusal(url, status);
    }
    const text = await textOf(reply).catch((error: unknown) => {
      throw broken(error, url, daemon);
    });
    const signed = await verifier.verify(place, text, daemon);
    state.signed = signed;
    state.about = {
      askedAt: clock.now(),
      ...(came.etag === undefined ? {} : { etag: came.etag }),
      ...(came['last-modified'] === undefined ? {} : { lastModified: came['last-modified'] }),
    };
    await writeWhole(fileOf(place, 'sig'), text);
    await writeWhole(fileOf(place, 'json'), JSON.stringify(state.about));
    return signed;
  };

  const refresh = async (place: Place, state: State): Promise<Signed> => {
    if (state.about === undefined) await load(place, state);
    const ageMs = place.release === 'snapshots' ? ages.snapshotMs : ages.releaseMs;
    const older = state.signed;
    const age = clock.now() - (state.about?.askedAt ?? 0);
    // Below zero when the host's clock was set back.
    if (older && age >= 0 && age < ageMs) return older;
    try {
      // With an older one at hand, one attempt is enough.
      const attempts = older ? 1 : parts.policy.attempts;
      const signed = await retry(() => fetchOnce(place, state), { ...parts.policy, attempts }, mayPass, clock, daemon);
      delete state.failed;
      return signed;
    } catch (error) {
      daemon.throwIfAborted();
      const fault = asFault(error);
      state.failed = { fault, at: clock.now() };
      if (!older) throw fault;
      warn({ folder: place.folder, why: fault.message }, 'the mirror goes on with an older SHA256.sig');
      return older;
    }
  };

  return {
    signed: async (place, signal) => {
      await verifier.expect(place);
      const state = states.get(place.folder) ?? {};
      states.set(place.folder, state);
      const { failed } = state;
      if (failed && clock.now() - failed.at < ages.failureMs) {
        if (state.signed) return state.signed;
        throw failed.fault;
      }
      state.asking ??= refresh(place, state).finally(() => delete state.asking);
      return orAborted(state.asking, signal);
    },
    doubt: (folder) => {
      const state = states.get(folder);
      if (state?.about) state.about = { ...state.about, askedAt: 0 };
    },
  };
};

const textOf = async (body: AsyncIterable<Buffer>): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > longestSums)
      throw new Fault('mirror_damaged', `What came as SHA256.sig is larger than ${longestSums} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};
