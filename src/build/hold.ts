import type { Clock } from '../clock.ts';
import { Fault, recordOf } from '../fault.ts';
import type { Store } from '../queue/types.ts';
import { orAborted, settled } from '../waiting.ts';
import type { Attempt } from './attempt.ts';
import type { Running } from './running.ts';

/** The machines of held builds, for people to reach. */
export type Held = {
  readonly add: (buildId: string, running: Running) => Disposable;
  /** Types on a held build's console. Throws `build_not_held`. */
  readonly type: (buildId: string, bytes: Uint8Array, signal: AbortSignal) => Promise<void>;
};

export const heldMachines = (): Held => {
  const machines = new Map<string, Running>();
  return {
    add: (buildId, running) => {
      machines.set(buildId, running);
      return { [Symbol.dispose]: () => void machines.delete(buildId) };
    },
    type: async (buildId, bytes, signal) => {
      const running = machines.get(buildId);
      if (running === undefined)
        throw new Fault('build_not_held', `Build ${buildId} is not held, so nobody may type on its console.`);
      await running.console.type(bytes, signal);
    },
  };
};

/**
 * Keeps the machine of a failed attempt until its lease ends, a client releases or cancels it, the machine goes, or
 * the daemon stops. The lease is the store's: a client may move its end.
 */
export const holdMachine = async (
  attempt: Attempt,
  running: Running,
  fault: Fault,
  {
    store,
    held,
    clock,
    holdMs,
    sshLine,
  }: {
    readonly store: Store;
    readonly held: Held;
    readonly clock: Clock;
    readonly holdMs: number;
    readonly sshLine: string | undefined;
  },
  signal: AbortSignal,
): Promise<void> => {
  const { build, token } = attempt.claim;
  await attempt.settled();
  await store.hold(
    build.id,
    token,
    { until: clock.now() + holdMs, ...(sshLine === undefined ? {} : { ssh: sshLine }) },
    recordOf(fault),
  );
  attempt.log(`held for ${holdMs / 60_000} minutes${sshLine === undefined ? '' : `; reach it with: ${sshLine}`}`);
  using reachable = held.add(build.id, running);
  void reachable;
  for (;;) {
    const changed = settled<'changed'>();
    using watching = store.onChange(build.id, () => changed.resolve('changed'));
    void watching;
    const now = await store.find(build.id);
    if (now?.hold === undefined || now.cancelRequested || now.hold.until <= clock.now()) break;
    using lease = clock.deadline(now.hold.until - clock.now(), signal, () => 'over');
    const over = new Promise<'over'>((resolve) =>
      lease.signal.addEventListener('abort', () => resolve('over'), { once: true }),
    );
    const gone = running.machine.ended.then(() => 'gone' as const);
    if ((await orAborted(Promise.race([changed.promise, over, gone]), signal)) === 'gone') break;
  }
  attempt.log('the hold is over');
};
