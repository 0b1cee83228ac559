import { useState } from 'preact/hooks';
import { call } from '../api/call.ts';
import type { Declared, Variable } from '../api/types.ts';
import { useWork } from '../parts/use.ts';
import { valuesText, variablesRequest, type PageDraft, type DraftSource } from './draft.ts';

/** What a template leaves to its builds, and the values that its machines were asked for with. */
type Found = { readonly declared: Declared; readonly values: string };

const ask = async (
  source: DraftSource,
  draft: PageDraft,
  variables: readonly Variable[],
  signal?: AbortSignal,
): Promise<Found> => {
  const { path, body } = await variablesRequest(source, draft, variables);
  const method = body === undefined ? 'GET' : 'POST';
  const declared = await call<Declared>(path, { method, body, ...(signal === undefined ? {} : { signal }) });
  return { declared, values: valuesText(draft, variables) };
};

/**
 * What the template leaves to its builds; undefined until that is known. `renew` gives it with the values of now: which
 * machines there are may depend on them.
 */
export const useDeclared = (draft: PageDraft) => {
  const { source } = draft;
  const [found, setFound] = useState<Found>();
  const error = useWork(
    async (signal) => {
      setFound(undefined);
      if (source !== undefined) setFound(await ask(source, draft, [], signal));
    },
    [source],
  );
  const renew = async (): Promise<Declared | undefined> => {
    if (source === undefined || found === undefined) return undefined;
    const { declared, values } = found;
    if (!declared.machines_by_values || values === valuesText(draft, declared.variables)) return declared;
    const renewed = await ask(source, draft, declared.variables);
    // Another template may have been chosen meanwhile.
    setFound((now) => (now === found ? renewed : now));
    return renewed.declared;
  };
  return { declared: found?.declared, error, renew };
};
