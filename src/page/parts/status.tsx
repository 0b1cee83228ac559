import type { Build, Status } from '../api/types.ts';
import { aboutText } from './format.ts';

/** Where a build stands, in a word; the colour says it again. */
export const StatusMark = ({ status }: { readonly status: Status }) => (
  <span class={`status status-${status}`}>{status}</span>
);

/** How far a running build is, where the host says it. */
export const ProgressBar = ({ build }: { readonly build: Pick<Build, 'status' | 'progress'> }) => {
  const { progress } = build;
  if (progress === undefined || progress === null) return null;
  const percent = Math.floor(progress.fraction * 100);
  const left = typeof progress.eta_seconds === 'number' ? aboutText(progress.eta_seconds * 1000) : undefined;
  return (
    <span class="progress">
      {build.status === 'queued' ? null : <progress max={100} value={percent} aria-label="Progress" />}
      <span class="number">
        {build.status === 'queued' ? '' : `${percent} % `}
        {left === undefined ? '' : build.status === 'queued' ? `in about ${left}` : `about ${left} left`}
      </span>
    </span>
  );
};
