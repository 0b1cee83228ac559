/** The 99th percentile of the delay of a daemon's event loop since this was asked last, in milliseconds. */
export const loopDelayMs = async (call: (path: string) => Promise<Response>): Promise<number> => {
  const figures = await (await call('/metrics')).text();
  return Number(/^nodejs_eventloop_lag_p99_seconds (\S+)$/m.exec(figures)?.[1] ?? NaN) * 1000;
};
