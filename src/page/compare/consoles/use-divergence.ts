import { useState } from 'preact/hooks';
import { useWork } from '../../parts/use.ts';
import { diverge, isSettled, type Divergence } from './diverge.ts';
import type { ConsoleLine } from './lines.ts';
import { makeConsoleReader } from './read.ts';

export type ComparedConsoles = Divergence & {
  readonly a: readonly ConsoleLine[];
  readonly b: readonly ConsoleLine[];
  /** Whether both were read as far as that takes; else up to the bound of a console. */
  readonly isSettled: boolean;
};

/** Where the consoles of two builds go apart; undefined until that is known. */
export const useDivergence = (a: string, b: string) => {
  const [compared, setCompared] = useState<ComparedConsoles>();
  const error = useWork(
    async (signal) => {
      setCompared(undefined);
      const readers = { a: makeConsoleReader(a), b: makeConsoleReader(b) };
      for (;;) {
        await Promise.all([readers.a.more(signal), readers.b.more(signal)]);
        const [inA, inB] = [readers.a.now(), readers.b.now()];
        const found = diverge(inA.masked, inB.masked);
        const reach = (reader: typeof readers.a) => ({ lines: reader.now().lines.length, isWhole: reader.isWhole() });
        const settled = isSettled(found, reach(readers.a), reach(readers.b));
        if (!settled && !(readers.a.isFull() && readers.b.isFull())) continue;
        return setCompared({ ...found, a: inA.lines, b: inB.lines, isSettled: settled });
      }
    },
    [a, b],
  );
  return { compared, error };
};
