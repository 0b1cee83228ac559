import { useMemo, useRef, useState } from 'preact/hooks';
import { call } from '../api/call.ts';
import type { Build, Declared, Plan, Run, RunPlan } from '../api/types.ts';
import { hrefOf } from '../shell/router.ts';
import { isRun, requestOf, type Draft, type Source } from './draft.ts';

// `randomUUID` is there over TLS alone.
const newKey = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** The draft, checked and started. The same draft started again is the same build: its request has the same key. */
export const useStart = (draft: Draft, declared: Declared | undefined) => {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  const [checked, setChecked] = useState<{ readonly draft: Draft; readonly plans: readonly Plan[] }>();
  const busy = useRef(false);
  const key = useMemo(newKey, [draft]);

  const check = async (source: Source, found: Declared) => {
    const { path, body, shown } = await requestOf({ ...draft, source }, found, 'check');
    const plan = await call<Plan | RunPlan>(path, { method: 'POST', body, shown });
    setChecked({ draft, plans: 'machines' in plan ? plan.machines : [plan] });
  };
  const start = async (source: Source, found: Declared) => {
    if (checked?.draft !== draft) await check(source, found);
    const { path, body, shown } = await requestOf({ ...draft, source }, found, 'start');
    const { id } = await call<Build | Run>(path, { method: 'POST', body, shown, key });
    location.hash = hrefOf([isRun(draft, found.machines) ? 'runs' : 'builds', id]);
  };
  const once = (act: typeof check) => () => {
    const { source } = draft;
    if (busy.current || source === undefined || declared === undefined) return;
    busy.current = true;
    setBusy(true);
    setError(undefined);
    act(source, declared)
      .catch((caught: unknown) => {
        setChecked(undefined);
        setError(caught instanceof Error ? caught : new Error(String(caught)));
      })
      .finally(() => {
        busy.current = false;
        setBusy(false);
      });
  };
  return {
    ...{ isBusy, error },
    plans: checked?.draft === draft ? checked.plans : undefined,
    check: once(check),
    start: once(start),
  };
};
