import type { Build } from '../api/types.ts';
import { agoText, durationText, momentText, ranMs } from '../parts/format.ts';
import { ProgressBar, StatusMark } from '../parts/status.tsx';
import { hrefOf } from '../shell/router.ts';

const Doing = ({ build }: { readonly build: Build }) => {
  if (build.fault !== undefined && build.status !== 'running')
    return (
      <span class="cut" title={build.fault.message}>
        <code>{build.fault.code}</code> {build.fault.step === undefined ? '' : `in ${build.fault.step}`}
      </span>
    );
  return (
    <>
      {build.status === 'running' || build.status === 'queued' ? (build.phase ?? '') : ''} <ProgressBar build={build} />
    </>
  );
};

export const BuildRow = ({ build, now }: { readonly build: Build; readonly now: number }) => {
  const ran = ranMs(build, now);
  return (
    <tr>
      <td>
        <StatusMark status={build.status} />
      </td>
      <td>
        <a class="build" href={hrefOf(['builds', build.id])}>
          {build.template.name}
          {build.template.version === undefined ? '' : `@${build.template.version}`}
          {build.machine === undefined ? '' : ` ${build.machine}`}
        </a>
        <span class="id">{build.id}</span>{' '}
        <a class="compare" href={hrefOf(['compare'], { b: build.id })} aria-label={`Compare ${build.id}`}>
          compare
        </a>
      </td>
      <td class="doing">
        <Doing build={build} />
      </td>
      <td class="labels">
        {Object.entries(build.labels).map(([key, value]) => (
          <span key={key} class="label">
            {key}={value}
          </span>
        ))}
      </td>
      <td class="number">{ran === undefined ? '' : durationText(ran)}</td>
      <td class="number" title={momentText(build.created_at)}>
        {agoText(build.created_at, now)}
      </td>
      <td class="by">{build.requested_by ?? ''}</td>
    </tr>
  );
};
