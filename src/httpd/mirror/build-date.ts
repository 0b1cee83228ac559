import { createHash } from 'node:crypto';
import { Fault } from '../../base/fault.ts';
import { ask } from '../../outward/request.ts';
import { firstBytes } from '../../outward/first-bytes.ts';
import { refusal } from '../../fetch/source.ts';
import { mirrorSource } from './source.ts';
import type { MirrorPlace, Signed } from './types.ts';

const buildInfo = 'BUILDINFO';

// One line: `Build date: 1779000000 - Sun May 17 06:40:00 UTC 2026`.
const longestBuildInfo = 4096;

type Asked = {
  readonly upstream: URL;
  readonly silentMs: number;
  readonly signal: AbortSignal;
};

/**
 * When the sets of a folder were built (Unix seconds), as the signed file BUILDINFO says; undefined where SHA256.sig names none,
 * or it says no date. Throws where upstream does not give the one that is signed.
 */
export const buildDateOf = async (
  { folder }: MirrorPlace,
  { sums }: Signed,
  { upstream, silentMs, signal }: Asked,
): Promise<number | undefined> => {
  const wanted = sums.get(buildInfo);
  if (wanted === undefined) return undefined;
  const url = new URL(`${upstream.href.replace(/\/$/, '')}/${folder}/${buildInfo}`);
  const reply = await ask(url, { peer: mirrorSource, headers: {}, silentMs, signal });
  const { statusCode: status = 0 } = reply;
  if (status !== 200) {
    reply.destroy();
    throw refusal(mirrorSource, url, status);
  }
  const { bytes } = await firstBytes(reply, longestBuildInfo);
  const saw = createHash('sha256').update(bytes).digest('hex');
  if (saw !== wanted)
    throw new Fault('mirror_damaged', `${url.href}: its SHA-256 is ${saw}, not ${wanted}, which is signed.`, {
      expected: wanted,
      saw,
    });
  const [, seconds] = /^Build date: (\d{1,12})\b/m.exec(bytes.toString('latin1')) ?? [];
  return seconds === undefined ? undefined : Number(seconds);
};

const shown = (seconds: number): string => `${new Date(seconds * 1000).toISOString().slice(0, 16)}Z`;

/**
 * Throws `mirror_damaged` where a SHA256.sig was built before the one at hand, or does not say when it was: it is signed as well,
 * and its sets are those that were mended since.
 */
export const refuseOlder = ({ folder }: MirrorPlace, built: number | undefined, atHand: number): void => {
  if (built !== undefined && built >= atHand) return;
  const what = built === undefined ? `names no ${buildInfo} with a date` : `was built ${shown(built)}`;
  throw new Fault(
    'mirror_damaged',
    `SHA256.sig of ${folder} ${what}, and the one at hand ${shown(atHand)}: upstream went back to an older one.`,
    { expected: shown(atHand), ...(built === undefined ? {} : { saw: shown(built) }) },
  );
};
