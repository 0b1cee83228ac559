import type { Clock } from '../../base/clock.ts';
import { Fault, recordOf } from '../../base/fault.ts';
import type { ResumeAsk } from '../../queue/records.ts';
import type { Store } from '../../queue/store.ts';
import { orAborted, deferred } from '../../base/waiting.ts';
import type { Attempt } from '../attempt/attempt.ts';
import type { DetachedConsoles } from './detached.ts';
import type { Running } from '../machine/running.ts';

/** The machines of held builds, for people to reach. */
export type Held = {
  /** `resume` lets the build go on; undefined: it is at a breakpoint. */
  readonly add: (buildId: string, running: Running, resume?: (ask: ResumeAsk) => Promise<void>) => Disposable;
  /** Lets a held build go on. Throws `build_not_held`, `console_lent`, and what its runner throws; then it is held as before. */
  readonly resume: (buildId: string, ask: ResumeAsk, signal: AbortSignal) => Promise<void>;
  /** Types on a held build's console. Throws `build_not_held`. */
  readonly type: (buildId: string, bytes: Uint8Array, signal: AbortSignal) => Promise<void>;
  /**
   * Detaches its console for an operator, for so many milliseconds: what to type on the host, and when it is attached
   * again (Unix ms). Throws `build_not_held`, `console_not_lendable`.
   */
  readonly detach: (
    buildId: string,
    ms: number,
  ) => Promise<{ readonly command: readonly string[]; readonly until: number }>;
  /** Attaches it again now. Throws `build_not_held`, `console_lent` while the operator is there. */
  readonly attach: (buildId: string, signal: AbortSignal) => Promise<void>;
};

export const heldMachines = (detached: DetachedConsoles): Held => {
  const machines = new Map<
    string,
    { readonly running: Running; readonly resume?: (ask: ResumeAsk) => Promise<void> }
  >();
  const find = (buildId: string): Running => {
    const held = machines.get(buildId);
    if (held === undefined)
      throw new Fault('build_not_held', `Build ${buildId} is not held, so its console cannot be used.`);
    return held.running;
  };
  return {
    add: (buildId, running, resume) => {
      machines.set(buildId, { running, ...(resume === undefined ? {} : { resume }) });
      return {
        [Symbol.dispose]: () => {
          detached.forget(buildId);
          machines.delete(buildId);
        },
      };
    },
    resume: async (buildId, ask, signal) => {
      const held = machines.get(buildId);
      if (held?.resume === undefined)
        throw new Fault('build_not_held', `Build ${buildId} is not held, so there is nothing to go on with.`);
      // The build needs its console, which an operator may have.
      await detached.attach(buildId, signal);
      await held.resume(ask);
    },
    type: async (buildId, bytes, signal) => {
      const { console } = find(buildId);
      if (detached.isDetached(buildId))
        throw new Fault(
          'console_lent',
          `The console of build ${buildId} is detached for an operator. Attach it first: DELETE /builds/${buildId}/console/loan.`,
        );
      await console.type(bytes, signal);
    },
    detach: async (buildId, ms) => {
      const { detachable } = find(buildId).machine;
      if (detachable === undefined)
        throw new Fault('console_not_lendable', 'Only imaged can hold the console of a machine under QEMU: POST keys.');
      return { command: detachable.command, until: await detached.detach(buildId, detachable, ms) };
    },
    attach: async (buildId, signal) => {
      find(buildId);
      await detached.attach(buildId, signal);
    },
  };
};

/** What lets a held build go on, one client at a time; `answer` is how it goes on, once one has said so. */
const makeResumes = <T>(buildId: string, goOn: (ask: ResumeAsk) => Promise<T>) => {
  const resumed = deferred<'resumed'>();
  let asked: Promise<T | undefined> | undefined;
  return {
    resumed: resumed.promise,
    answer: async () => asked,
    resume: async (ask: ResumeAsk) => {
      if (asked !== undefined)
        throw new Fault('build_not_held', `Build ${buildId} is being resumed by another request already.`);
      const going = goOn(ask);
      asked = going.catch(() => undefined);
      try {
        await going;
      } catch (error) {
        asked = undefined;
        throw error;
      }
      resumed.resolve('resumed');
    },
  };
};

/**
 * Keeps the machine of a failed attempt until its lease ends, a client resumes, releases or cancels it, the machine goes, or
 * the daemon stops. The lease is the store's: a client may move its end. Gives what `goOn` gave for the client that
 * resumed it.
 */
export const holdMachine = async <T>(
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
  goOn: (ask: ResumeAsk) => Promise<T>,
  signal: AbortSignal,
): Promise<T | undefined> => {
  const { build, token } = attempt.claim;
  const resumes = makeResumes(build.id, goOn);
  await attempt.settled();
  await store.hold(
    build.id,
    token,
    { until: clock.now() + holdMs, ...(sshLine === undefined ? {} : { ssh: sshLine }) },
    recordOf(fault),
  );
  attempt.log(`held for ${holdMs / 60_000} minutes${sshLine === undefined ? '' : `; reach it with: ${sshLine}`}`);
  using reachable = held.add(build.id, running, resumes.resume);
  void reachable;
  for (;;) {
    const changed = deferred<'changed'>();
    using watching = store.onChange(build.id, () => changed.resolve('changed'));
    void watching;
    const now = await store.find(build.id);
    if (now?.hold === undefined || now.cancelRequested || now.hold.until <= clock.now()) break;
    using lease = clock.deadline(now.hold.until - clock.now(), signal, () => 'over');
    const over = new Promise<'over'>((resolve) =>
      lease.signal.addEventListener('abort', () => resolve('over'), { once: true }),
    );
    // A console that is read no more is of no use.
    const gone = Promise.race([running.machine.ended, running.console.failed.catch(() => undefined)]).then(
      () => 'gone' as const,
    );
    if ((await orAborted(Promise.race([changed.promise, resumes.resumed, over, gone]), signal)) === 'gone') break;
  }
  // One that was being judged when the time was over.
  const answer = await resumes.answer();
  if (answer === undefined) attempt.log('the hold is over');
  return answer;
};
