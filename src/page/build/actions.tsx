import { useState } from 'preact/hooks';
import { isEnded, type Build, type Input } from '../api/types.ts';
import { ActionButtons, type Action } from '../parts/action-buttons.tsx';
import { useMayWrite } from '../shell/session.ts';
import { toBuild } from './made.ts';
import { canBeMended, Mend } from './mend.tsx';

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
  const [isMending, setMending] = useState(false);
  if (!mayWrite) return null;
  const mended = () => {
    setMending(false);
    done();
  };
  return (
    <div class="actions">
      <ActionButtons actions={actionsFor(build, isPaused)} done={done} />
      {canBeMended(build) ? (
        <button type="button" aria-expanded={isMending} onClick={() => setMending(!isMending)}>
          Mend…
        </button>
      ) : null}
      {isMending && canBeMended(build) ? <Mend build={build} input={input} done={mended} /> : null}
    </div>
  );
};
