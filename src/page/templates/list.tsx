import { useEffect } from 'preact/hooks';
import type { TemplateInfo } from '../api/types.ts';
import { momentText } from '../parts/format.ts';
import { More } from '../parts/more.tsx';
import { Trouble } from '../parts/trouble.tsx';
import { usePages } from '../parts/use-pages.ts';
import { hrefOf } from '../shell/router.ts';
import { useMayWrite } from '../shell/session.ts';

/** The templates that the host keeps. */
export const TemplateList = () => {
  const mayWrite = useMayWrite();
  const { items, more, error } = usePages<TemplateInfo>('templates');
  useEffect(() => {
    document.title = 'Templates – imaged';
  }, []);
  return (
    <>
      <h1>Templates</h1>
      <Trouble error={error} />
      {items === undefined ? null : (
        <div class="scroll" tabIndex={0} role="region" aria-label="Templates">
          <table class="templates">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col" class="number">
                  Version
                </th>
                <th scope="col">Stored</th>
                <th scope="col">Files</th>
                <th scope="col">Do</th>
              </tr>
            </thead>
            <tbody>
              {items.map(({ name, version, created_at, has_files }) => (
                <tr key={name}>
                  <th scope="row">
                    <a href={hrefOf(['templates', name])}>{name}</a>
                  </th>
                  <td class="number">{version}</td>
                  <td>{momentText(created_at)}</td>
                  <td>{has_files ? 'with files' : ''}</td>
                  <td>
                    <span class="links">
                      {mayWrite ? (
                        <a href={hrefOf(['new', name])} aria-label={`New build from ${name}`}>
                          New build
                        </a>
                      ) : null}
                      <a href={hrefOf(['builds'], { template: name })} aria-label={`Builds of ${name}`}>
                        Builds
                      </a>
                    </span>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {items?.length === 0 ? (
        <p class="quiet">
          None is stored. <code>PUT /templates/NAME</code> stores one.
        </p>
      ) : null}
      <More more={more} />
    </>
  );
};
