import type { Build } from '../api/types.ts';
import { durationText, momentText, ranMs } from '../parts/format.ts';
import { More } from '../parts/more.tsx';
import { StatusMark } from '../parts/status.tsx';
import { Trouble } from '../parts/trouble.tsx';
import { useNow } from '../parts/use.ts';
import { usePages } from '../parts/use-pages.ts';
import { hrefOf } from '../shell/router.ts';

/** The builds of a template, the newest first. */
export const TemplateBuilds = ({ name }: { readonly name: string }) => {
  const { items, more, error } = usePages<Build>(`builds?template=${encodeURIComponent(name)}`);
  const now = useNow(1000);
  if (items === undefined) return <Trouble error={error} />;
  return (
    <>
      <p>
        <a href={hrefOf(['builds'], { template: name })}>As they change, with filters</a>
      </p>
      <Trouble error={error} />
      <div class="scroll" tabIndex={0} role="region" aria-label="Builds">
        <table>
          <thead>
            <tr>
              <th scope="col">Status</th>
              <th scope="col">Build</th>
              <th scope="col" class="number">
                Version
              </th>
              <th scope="col" class="number">
                Took
              </th>
              <th scope="col">Created</th>
            </tr>
          </thead>
          <tbody>
            {items.map((build) => {
              const ran = ranMs(build, now);
              return (
                <tr key={build.id}>
                  <td>
                    <StatusMark status={build.status} />
                  </td>
                  <td>
                    <a class="id" href={hrefOf(['builds', build.id])}>
                      {build.id}
                    </a>
                  </td>
                  <td class="number">{build.template.version ?? ''}</td>
                  <td class="number">{ran === undefined ? '' : durationText(ran)}</td>
                  <td class="moment">{momentText(build.created_at)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {items.length === 0 ? <p class="quiet">There is none.</p> : null}
      <More more={more} />
    </>
  );
};
