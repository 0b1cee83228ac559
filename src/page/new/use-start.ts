import { useMemo, useRef, useState } from 'preact/hooks';
import { call } from '../api/call.ts';
import type { Build, Declared, Plan, Run, RunPlan } from '../api/types.ts';
import { hrefOf } from '../shell/router.ts';
import { isRun, requestOf, type PageDraft, type DraftSource } from './draft.ts';

// `randomUUID` is there over TLS alone.
const newKey = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** Whether who starts has not seen the machines that there are now: one of one, whatever its name is, is what he meant. */
const isUnseen = (now: readonly string[], seen: readonly string[]): boolean =>
  Math.max(now.length, seen.length) > 1 && now.length > 0 && JSON.stringify(now) !== JSON.stringify(seen);

/**
 * The draft, checked and started. The same draft started again is the same build: its request has the same key. What the values
 * change about the machines is found out first, by `renew`: what was not shown is not started.
 */
export const useStart = (
  draft: PageDraft,
  declared: Declared | undefined,
  renew: () => Promise<Declared | undefined>,
) => {
  const [isBusy, setBusy] = useState(false);
  const [unseen, setUnseen] = useState<PageDraft>();
  const [error, setError] = useState<Error>();
  const [checked, setChecked] = useState<{ readonly draft: PageDraft; readonly plans: readonly Plan[] }>();
  const busy = useRef(false);
  const key = useMemo(newKey, [draft]);

  const check = async (source: DraftSource, found: Declared) => {
    const { path, body, shown } = await requestOf({ ...draft, source }, found, 'check');
    const plan = await call<Plan | RunPlan>(path, { method: 'POST', body, shown });
    setChecked({ draft, plans: 'machines' in plan ? plan.machines : [plan] });
  };
  const start = async (source: DraftSource, found: Declared, seen: Declared) => {
    if (isUnseen(found.machines, seen.machines)) return setUnseen(draft);
    if (checked?.draft !== draft) await check(source, found);
    const { path, body, shown } = await requestOf({ ...draft, source }, found, 'start');
    const { id } = await call<Build | Run>(path, { method: 'POST', body, shown, key });
    location.hash = hrefOf([isRun(draft, found.machines) ? 'runs' : 'builds', id]);
  };
  const once = (act: (...known: Parameters<typeof start>) => Promise<void>) => () => {
    const { source } = draft;
    if (busy.current || source === undefined || declared === undefined) return;
    busy.current = true;
    setBusy(true);
    setError(undefined);
    setUnseen(undefined);
    renew()
      .then((found = declared) => act(source, found, declared))
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
    /** Whether the start waits for a look at the machines, which are others with these values. */
    areMachinesUnseen: unseen === draft,
    plans: checked?.draft === draft ? checked.plans : undefined,
    check: once(check),
    start: once(start),
    showMachines: once(async () => undefined),
  };
};
