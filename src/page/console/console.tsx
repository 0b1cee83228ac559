import { useState } from 'preact/hooks';
import type { Build, BuildEvent } from '../api/types.ts';
import { LiveConsole } from './live.tsx';
import { Replay } from './replay.tsx';

type Props = { readonly build: Build; readonly events: readonly BuildEvent[]; readonly mayType: boolean };

/** What the console of the build showed: as it comes, or again. */
export const Console = (props: Props) => {
  const [isReplay, setReplay] = useState(false);
  const path = `builds/${props.build.id}/console`;
  return (
    <>
      <p class="console-bar">
        <button type="button" aria-pressed={isReplay} onClick={() => setReplay(!isReplay)}>
          Replay
        </button>{' '}
        <a href={path}>The whole transcript</a> <a href={`builds/${props.build.id}/screen`}>The screen as text</a>
      </p>
      {isReplay ? <Replay path={path} /> : <LiveConsole {...props} path={path} />}
    </>
  );
};
