import type { Clock } from '../../base/clock.ts';
import { retry } from '../../base/waiting.ts';
import { artifactPath, type ArtifactAbout } from './about.ts';
import { askApi, mayPass, passing, unlessSilent } from './ask.ts';
import type { DownloadPart } from './part.ts';
import type { DownloadApi } from './types.ts';

// Some two minutes without one byte: a daemon that is restarted is back in seconds.
export const patience = { attempts: 12, firstMs: 250, growth: 2, mostMs: 15_000 };

type Rest = {
  readonly api: DownloadApi;
  readonly build: string;
  readonly about: ArtifactAbout;
  readonly part: DownloadPart;
  /** Called after each piece. */
  readonly came: () => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

/** Asks once for what is missing. Throws what may pass when the line breaks, and the API's fault. */
const askOnce = async ({ api, build, about, part, came, clock, signal }: Rest): Promise<void> => {
  const { name, size, sha256 } = about;
  const path = artifactPath(build, name);
  const have = part.have();
  const headers = have > 0 ? { range: `bytes=${have}-`, 'if-range': `"sha256:${sha256}"` } : {};
  const calls = { clock, signal };
  const own = new AbortController();
  const whole = AbortSignal.any([signal, own.signal]);
  try {
    const reply = await unlessSilent(
      (until) => askApi(api, path, { statuses: [200, 206], headers }, AbortSignal.any([until, whole])),
      path,
      calls,
    );
    if (reply.status === 200 && have > 0) await part.startOver();
    const [, first] = /^bytes (\d+)-/.exec(reply.headers.get('content-range') ?? '') ?? [];
    if (reply.status === 206 && Number(first) !== have) throw passing(`${path}: another range came than was asked for`);
    const reader = reply.body?.getReader();
    for (;;) {
      const next: { readonly value?: Uint8Array | undefined } | undefined = await unlessSilent(
        async () => reader?.read(),
        path,
        calls,
      );
      if (next?.value === undefined) break;
      if (part.have() + next.value.byteLength > size) throw passing(`${path}: more came than its ${size} bytes`);
      await part.write(next.value);
      came();
    }
  } finally {
    own.abort();
  }
  if (part.have() < size) throw passing(`${path}: ${part.have()} of ${size} bytes came`);
};

/**
 * Fetches what is missing of a file, through breaks of the line and restarts of the daemon: each try goes on behind what
 * is there. Throws `fetch_failed` when nothing comes for some two minutes, the API's fault, or the signal's reason.
 */
export const fetchRest = async (rest: Rest): Promise<void> => {
  const { about, part, clock, signal } = rest;
  while (part.have() < about.size) {
    const before = part.have();
    try {
      await retry(
        () => askOnce(rest),
        patience,
        (error) => mayPass(error) && part.have() === before,
        clock,
        signal,
      );
    } catch (error) {
      // A line that breaks often still brings the file, as long as each round brings something of it.
      if (!mayPass(error) || part.have() === before) throw error;
      await clock.sleep(patience.firstMs, signal);
    }
  }
};
