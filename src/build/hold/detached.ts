import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../base/fault.ts';
import type { Detachable } from '../../vmm/types.ts';
import { retry } from '../../base/waiting.ts';

/**
 * Consoles of held builds that imaged has let go of, so that an operator can attach to them:
 *
 *   attached ──── detach ───▶ detached ──── attach, or the time is over and the operator has left ───▶ attached
 */
export type DetachedConsoles = {
  /**
   * Lets go of a machine's console for so many milliseconds; then it is attached again, as soon as the operator has left
   * it. Asked again, the time begins anew. Gives the end, in Unix milliseconds.
   */
  readonly detach: (buildId: string, line: Detachable, ms: number) => Promise<number>;
  /** Attaches it again now. Throws `console_lent` while the operator is still there. */
  readonly attach: (buildId: string, signal: AbortSignal) => Promise<void>;
  readonly isDetached: (buildId: string) => boolean;
  /** Its machine goes: nothing is left to attach to. */
  readonly forget: (buildId: string) => void;
};

type Detached = { readonly line: Detachable; readonly over: AbortController };

const untilLeft = { attempts: Infinity, firstMs: 1000, growth: 1.5, mostMs: 15_000 };

const isStillThere = (error: unknown) => error instanceof Fault && error.code === 'console_lent';

export const makeDetachedConsoles = (
  clock: Clock,
  warn: (facts: Readonly<Record<string, unknown>>, message: string) => void,
): DetachedConsoles => {
  const consoles = new Map<string, Detached>();
  const forget = (buildId: string) => {
    consoles.get(buildId)?.over.abort(new Fault('build_not_held', 'The console is attached again.'));
    consoles.delete(buildId);
  };
  const attach = async (buildId: string, signal: AbortSignal) => {
    const detached = consoles.get(buildId);
    if (detached === undefined) return;
    await detached.line.attach(signal);
    forget(buildId);
  };
  const attachLater = async (buildId: string, ms: number, signal: AbortSignal) => {
    await clock.sleep(ms, signal);
    await retry(() => attach(buildId, signal), untilLeft, isStillThere, clock, signal);
  };

  return {
    detach: async (buildId, line, ms) => {
      forget(buildId);
      const detached = { line, over: new AbortController() };
      consoles.set(buildId, detached);
      await line.detach();
      attachLater(buildId, ms, detached.over.signal).catch((error: unknown) => {
        if (!detached.over.signal.aborted)
          warn({ build: buildId, err: error }, 'a console could not be attached again');
      });
      return clock.now() + ms;
    },
    attach,
    isDetached: (buildId) => consoles.has(buildId),
    forget,
  };
};
