import { cleanupStack } from '../../../base/cleanup.ts';
import type { Clock } from '../../../base/clock.ts';

// nginx closes what is silent for a minute (ngx_http_proxy_module, proxy_read_timeout), others earlier.
const heartbeatMs = 15_000;

/** The texts of a stream, each as it comes, and `heartbeat` between them as often as proxies want to hear something. */
export const withHeartbeats = async function* (
  texts: AsyncGenerator<string, void>,
  heartbeat: string,
  clock: Clock,
): AsyncGenerator<string, void> {
  await using cleanup = cleanupStack();
  cleanup.defer(async () => void (await texts.return()));
  let beat: () => void = () => undefined;
  using _beating = clock.every(heartbeatMs, () => beat());
  let next = texts.next();
  for (;;) {
    const result = await new Promise<Awaited<typeof next> | undefined>((resolve, reject) => {
      beat = () => resolve(undefined);
      next.then(resolve, reject);
    });
    if (result?.done) return;
    yield result === undefined ? heartbeat : result.value;
    if (result !== undefined) next = texts.next();
  }
};
