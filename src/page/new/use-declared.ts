import { useState } from 'preact/hooks';
import { call } from '../api/call.ts';
import type { Declared } from '../api/types.ts';
import { useWork } from '../parts/use.ts';
import { variablesRequest, type Source } from './draft.ts';

/** What the template leaves to its builds; undefined until that is known. */
export const useDeclared = (source: Source | undefined) => {
  const [declared, setDeclared] = useState<Declared>();
  const error = useWork(
    async (signal) => {
      setDeclared(undefined);
      if (source === undefined) return;
      const { path, body } = await variablesRequest(source);
      const found = await call<Declared>(path, { method: body === undefined ? 'GET' : 'POST', body, signal });
      setDeclared(found);
    },
    [source],
  );
  return { declared, error };
};
