import type { Clock } from '../../base/clock.ts';
import { Fault } from '../../base/fault.ts';
import type { Lending } from '../../vmm/types.ts';
import { retry } from '../../base/waiting.ts';

/** Consoles that operators have borrowed, by build. */
export type Loans = {
  /**
   * Lets go of a machine's console for so long; then it is taken back, as soon as the operator has left it. Asked again,
   * the time begins anew. Gives the end, in Unix milliseconds.
   */
  readonly lend: (buildId: string, lending: Lending, ms: number) => Promise<number>;
  /** Takes it back now. Throws `console_lent` while the operator is still there. */
  readonly takeBack: (buildId: string, signal: AbortSignal) => Promise<void>;
  readonly isLent: (buildId: string) => boolean;
  /** Forgets a loan: its machine goes. */
  readonly forget: (buildId: string) => void;
};

type Loan = { readonly lending: Lending; readonly over: AbortController };

const untilLeft = { attempts: Infinity, firstMs: 1000, growth: 1.5, mostMs: 15_000 };

export const makeLoans = (
  clock: Clock,
  warn: (facts: Readonly<Record<string, unknown>>, message: string) => void,
): Loans => {
  const loans = new Map<string, Loan>();
  const forget = (buildId: string) => {
    loans.get(buildId)?.over.abort(new Fault('build_not_held', 'The loan of the console is over.'));
    loans.delete(buildId);
  };
  const takeBack = async (buildId: string, signal: AbortSignal) => {
    const loan = loans.get(buildId);
    if (loan === undefined) return;
    await loan.lending.takeBack(signal);
    forget(buildId);
  };
  const isStillThere = (error: unknown) => error instanceof Fault && error.code === 'console_lent';

  const takeBackLater = async (buildId: string, ms: number, signal: AbortSignal) => {
    await clock.sleep(ms, signal);
    await retry(() => takeBack(buildId, signal), untilLeft, isStillThere, clock, signal);
  };

  return {
    lend: async (buildId, lending, ms) => {
      forget(buildId);
      const loan = { lending, over: new AbortController() };
      loans.set(buildId, loan);
      await lending.release();
      takeBackLater(buildId, ms, loan.over.signal).catch((error: unknown) => {
        if (!loan.over.signal.aborted) warn({ build: buildId, err: error }, 'a lent console could not be taken back');
      });
      return clock.now() + ms;
    },
    takeBack,
    isLent: (buildId) => loans.has(buildId),
    forget,
  };
};
