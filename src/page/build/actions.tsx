import { useRef, useState } from 'preact/hooks';
import { call } from '../api/call.ts';
import { isEnded, type Build, type Input } from '../api/types.ts';
import { Trouble } from '../parts/trouble.tsx';
import { useMayWrite } from '../shell/session.ts';
import { toBuild } from './made.ts';
import { canBeMended, Mend } from './mend.tsx';

type Action = {
  readonly title: string;
  readonly method: 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: object;
  /** What is asked first, of what cannot be undone. */
  readonly sure?: string;
  /** Where to go after it. */
  readonly then?: (answer: unknown) => string | undefined;
};

// From now on, and longer than builds are held by themselves.
const heldHours = 2;

const cancel = (path: string): Action => ({
  ...{ title: 'Cancel', method: 'POST', path: `${path}/cancel`, body: {} },
  sure: 'Its machine goes, and what it has done so far is lost.',
});

/** What may be done with a build as it stands. */
const actionsFor = (build: Build, isPaused: boolean): readonly Action[] => {
  const path = `builds/${build.id}`;
  const pin: Action =
    build.pinned === undefined
      ? { title: 'Pin', method: 'PUT', path: `${path}/pin`, body: {} }
      : { title: 'Unpin', method: 'DELETE', path: `${path}/pin` };
  const remove: Action = {
    ...{ title: 'Delete', method: 'DELETE', path },
    sure: 'The build and all of its files are deleted.',
    then: () => '#/builds',
  };
  const retry: Action = { title: 'Retry', method: 'POST', path: `${path}/retry`, body: {}, then: toBuild };
  const rebuild: Action = { title: 'Rebuild', method: 'POST', path: `${path}/rebuild`, body: {}, then: toBuild };
  if (isEnded(build.status)) return [...(build.status === 'succeeded' ? [] : [retry]), rebuild, pin, remove];
  const resume: Action = { title: 'Resume', method: 'POST', path: `${path}/resume` };
  if (build.status === 'held')
    return [
      resume,
      { title: `Hold ${heldHours} h`, method: 'PUT', path: `${path}/hold`, body: { minutes: 60 * heldHours } },
      {
        ...{ title: 'Let go', method: 'DELETE', path: `${path}/hold` },
        sure: 'Its machine goes, and the build fails.',
      },
      cancel(path),
    ];
  return [...(isPaused ? [resume] : []), cancel(path)];
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
  readonly build: Build;
  readonly input: Input;
  /** Whether it is at a breakpoint. */
  readonly isPaused: boolean;
  /** Called when something was done with it. */
  readonly done: () => void;
};

/** What whoever may write can do with the build. */
export const Actions = ({ build, input, isPaused, done }: Props) => {
  const mayWrite = useMayWrite();
  const [asked, ask] = useState<Action>();
  const [isMending, setMending] = useState(false);
  const [error, setError] = useState<Error>();
  const isBusy = useRef(false);
  if (!mayWrite) return null;
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
  const mended = () => {
    setMending(false);
    done();
  };
  return (
    <div class="actions">
      {actionsFor(build, isPaused).map((action) => (
        <button
          key={action.title}
          type="button"
          onClick={() => (action.sure === undefined ? act(action) : ask(action))}
        >
          {action.title}
        </button>
      ))}
      {canBeMended(build) ? (
        <button type="button" aria-expanded={isMending} onClick={() => setMending(!isMending)}>
          Mend…
        </button>
      ) : null}
      {asked === undefined ? null : <Sure action={asked} go={() => act(asked)} stay={() => ask(undefined)} />}
      <Trouble error={error} />
      {isMending && canBeMended(build) ? <Mend build={build} input={input} done={mended} /> : null}
    </div>
  );
};
