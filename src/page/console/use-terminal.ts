import { useEffect, useRef, useState } from 'preact/hooks';
import type { PageTerminal } from './terminal.ts';

/** A terminal in the element of the ref; undefined until its program is loaded. */
export const useTerminal = (typed: (text: string) => void) => {
  const element = useRef<HTMLDivElement>(null);
  const [terminal, setTerminal] = useState<PageTerminal>();
  const latest = useRef(typed);
  latest.current = typed;
  useEffect(() => {
    const life = new AbortController();
    void import('./terminal.ts').then(({ openTerminal }) => {
      const { current } = element;
      if (current === null || life.signal.aborted) return;
      const opened = openTerminal(current, (text) => latest.current(text));
      life.signal.addEventListener('abort', () => opened.close(), { once: true });
      setTerminal(opened);
    });
    return () => life.abort();
  }, []);
  return { element, terminal };
};
