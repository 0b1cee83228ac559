import { useState } from 'preact/hooks';
import { call, CallError } from '../api/call.ts';
import { pause, seen } from '../api/follow.ts';
import { useWork } from './use.ts';

/**
 * What the API answers, asked again and again while somebody looks; undefined until it has answered first. `also`: see `call`. Without a
 * path nothing is asked.
 */
export const usePolled = <T>(path: string | undefined, everyMs: number, also: readonly number[] = []) => {
  const [value, setValue] = useState<T>();
  const [away, setAway] = useState<Error>();
  const error = useWork(
    async (signal) => {
      while (path !== undefined && !signal.aborted) {
        try {
          setValue(await call<T>(path, { signal, also }));
          setAway(undefined);
        } catch (caught) {
          // It may be on its way back.
          if (signal.aborted || !(caught instanceof CallError) || caught.status !== 0) throw caught;
          setAway(caught);
        }
        await pause(everyMs, signal);
        await seen(signal);
      }
    },
    [path],
  );
  return { value, error: error ?? away };
};
