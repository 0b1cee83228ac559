import { useEffect, useRef, useState } from 'preact/hooks';
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

/** Asks before what cannot be undone. It takes the focus; Escape stays. */
const Sure = ({
  action,
  go,
  stay,
}: {
  readonly action: Action;
  readonly go: () => void;
  readonly stay: () => void;
}) => {
  const stays = useRef<HTMLButtonElement>(null);
  useEffect(() => stays.current?.focus(), []);
  return (
    <div
      class="sure"
      role="alertdialog"
      aria-label={`${action.title}?`}
      aria-describedby="sure"
      onKeyDown={({ key }) => key === 'Escape' && stay()}
    >
      <span id="sure">{action.sure}</span>{' '}
      <button type="button" class="main" onClick={go}>
        {action.title}
      </button>{' '}
      <button type="button" ref={stays} onClick={stay}>
        Stay
      </button>
    </div>
  );
};

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
  const buttons = useRef(new Map<string, HTMLButtonElement>());
  /** Who has answered is where he asked; a button that has gone leaves the view. */
  const close = ({ title }: Action) => {
    ask(undefined);
    (buttons.current.get(title) ?? document.getElementById('main'))?.focus();
  };
  const act = ({ method, path, body, then }: Action) => {
    if (isBusy.current) return;
    isBusy.current = true;
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
          ref={(element) => {
            if (element === null) buttons.current.delete(action.title);
            else buttons.current.set(action.title, element);
          }}
          onClick={() => (action.sure === undefined ? act(action) : ask(action))}
        >
          {action.title}
        </button>
      ))}
      {asked === undefined ? null : (
        <Sure
          action={asked}
          go={() => {
            close(asked);
            act(asked);
          }}
          stay={() => close(asked)}
        />
      )}
      <Trouble error={error} />
    </>
  );
};
