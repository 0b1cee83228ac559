import type { Clock } from '../base/clock.ts';
import { Fault } from '../base/fault.ts';
import { retry, type RetryPolicy } from '../base/waiting.ts';
import type { Checksum } from './checksum.ts';
import { firstBytes } from '../outward/first-bytes.ts';
import { broken, mayPass, shownBy } from '../outward/peer.ts';
import { ask } from '../outward/request.ts';
import { refusal, type Source } from './source.ts';
import { checksumIn, nameInSums } from './sums-file.ts';

const mostBytes = 1024 * 1024;

type Parts = {
  readonly source: Source;
  readonly silentMs: number;
  readonly timeoutMs: number;
  readonly policy: RetryPolicy;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

const readList = async (url: URL, { source, silentMs, signal }: Parts): Promise<string> => {
  const reply = await ask(url, { peer: source, headers: {}, silentMs, signal });
  try {
    if (reply.statusCode !== 200) throw refusal(source, url, reply.statusCode ?? 0);
    const { bytes, isAll } = await firstBytes(reply, mostBytes);
    if (!isAll)
      throw new Fault(
        source.refused,
        `${shownBy(source, url)} has more than ${mostBytes} bytes: it is no list of digests.`,
      );
    return bytes.toString('utf8');
  } catch (error) {
    throw broken(source, error, url, signal);
  } finally {
    reply.destroy();
  }
};

/** The digest that a list at a URL has for the file at one of these URLs. Throws the source's faults. */
export const fetchSums = async (list: string, urls: readonly string[], parts: Parts): Promise<Checksum> => {
  const { source, policy, clock, timeoutMs } = parts;
  const shown = shownBy(source, new URL(list));
  const tooLong = () => new Fault(source.unavailable, `${shown} took longer than ${timeoutMs / 1000} s.`);
  using deadline = clock.deadline(Math.min(timeoutMs, 120_000), parts.signal, tooLong);
  const { signal } = deadline;
  const text = await retry(() => readList(new URL(list), { ...parts, signal }), policy, mayPass, clock, signal);
  const names = urls.map((url) => nameInSums(new URL(url)));
  const checksum = checksumIn(text, names);
  if (checksum !== undefined) return checksum;
  throw new Fault(source.refused, `${shown} has no digest for ${names.join(' or ')}.`);
};
