import { useRef, useState } from 'preact/hooks';
import { call } from '../api/call.ts';
import { Trouble } from './trouble.tsx';

/** Something that may be done with what is shown. */
export type Action = {
  readonly title: string;
  readonly method: 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: object;
  /** What is asked first, of what cannot be undone. */
  readonly sure?: string;
  /** Where to go after it. */
  readonly then?: (answer: unknown) => string | undefined;
};

/** Asks before what cannot be undone. */
const Sure = ({
  action,
  go,
  stay,
}: {
  readonly action: Action;
  readonly go: () => void;
  readonly stay: () => void;
}) => (
  <div class="sure" role="alertdialog" aria-label={`${action.title}?`}>
    <span>{action.sure}</span>{' '}
    <button type="button" class="main" onClick={go}>
      {action.title}
    </button>{' '}
    <button type="button" onClick={stay} autofocus>
      Stay
    </button>
  </div>
);

type Props = {
  readonly actions: readonly Action[];
  /** Called when something was done. */
  readonly done: () => void;
};

/** A button for each, and what came of it. */
export const ActionButtons = ({ actions, done }: Props) => {
  const [asked, ask] = useState<Action>();
  const [error, setError] = useState<Error>();
  const isBusy = useRef(false);
  const act = ({ method, path, body, then }: Action) => {
    if (isBusy.current) return;
    isBusy.current = true;
    ask(undefined);
    setError(undefined);
    call<unknown>(path, { method, body })
      .then(
        (answer) => {
          const next = then?.(answer);
          if (next === undefined) done();
          else location.hash = next;
        },
        (caught: unknown) => setError(caught instanceof Error ? caught : new Error(String(caught))),
      )
      .finally(() => {
        isBusy.current = false;
      });
  };
  return (
    <>
      {actions.map((action) => (
        <button
          key={action.title}
          type="button"
          onClick={() => (action.sure === undefined ? act(action) : ask(action))}
        >
          {action.title}
        </button>
      ))}
      {asked === undefined ? null : <Sure action={asked} go={() => act(asked)} stay={() => ask(undefined)} />}
      <Trouble error={error} />
    </>
  );
};
