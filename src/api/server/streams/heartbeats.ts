import { cleanupStack } from '../../../base/cleanup.ts';
import type { Clock } from '../../../base/clock.ts';

// nginx closes what is silent for a minute (ngx_http_proxy_module, proxy_read_timeout), others earlier.
const heartbeatMs = 15_000;

/** The parts of a stream, each as it comes, and `heartbeat` between them as often as proxies want to hear something. */
export const withHeartbeats = async function* (
  parts: AsyncGenerator<string | Uint8Array, void>,
  heartbeat: string,
  clock: Clock,
): AsyncGenerator<string | Uint8Array, void> {
  await using cleanup = cleanupStack();
  cleanup.defer(async () => void (await parts.return()));
  let beat: () => void = () => undefined;
  using _beating = clock.every(heartbeatMs, () => beat());
  let next = parts.next();
  for (;;) {
    const result = await new Promise<Awaited<typeof next> | undefined>((resolve, reject) => {
      beat = () => resolve(undefined);
      next.then(resolve, reject);
    });
    if (result?.done) return;
    yield result === undefined ? heartbeat : result.value;
    if (result !== undefined) next = parts.next();
  }
};
