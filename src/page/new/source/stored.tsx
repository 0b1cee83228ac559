import { useState } from 'preact/hooks';
import { call } from '../../api/call.ts';
import type { Page, TemplateInfo } from '../../api/types.ts';
import { Field } from '../../parts/field.tsx';
import { Trouble } from '../../parts/trouble.tsx';
import { useWork } from '../../parts/use.ts';
import type { ChoiceProps } from './choice.tsx';

// As many as the API gives in one answer.
const most = 500;

const useList = (path: string | undefined) => {
  const [items, setItems] = useState<readonly TemplateInfo[]>();
  const error = useWork(
    async (signal) => {
      setItems(undefined);
      if (path !== undefined) setItems((await call<Page<TemplateInfo>>(`${path}?limit=${most}`, { signal })).items);
    },
    [path],
  );
  return { items, error };
};

/** One of the templates that the host keeps, and which version. */
export const StoredChoice = ({ source, choose }: ChoiceProps) => {
  const { name = '', version = '' } = source?.kind === 'stored' ? source : {};
  const { items: templates, error } = useList('templates');
  const { items: versions } = useList(name === '' ? undefined : `templates/${name}/versions`);
  if (templates === undefined) return <Trouble error={error} />;
  if (templates.length === 0)
    return (
      <p class="quiet">
        This host keeps none. <code>PUT /templates/NAME</code> stores one.
      </p>
    );
  return (
    <>
      <Field name="template" title="Name" wrong={[]}>
        {(control) => (
          <select
            {...control}
            value={name}
            onChange={({ currentTarget: { value } }) =>
              choose(value === '' ? undefined : { kind: 'stored', name: value })
            }
          >
            <option value="" />
            {templates.map((one) => (
              <option key={one.name} value={one.name}>
                {one.name}
              </option>
            ))}
          </select>
        )}
      </Field>
      {versions === undefined ? null : (
        <Field name="version" title="Version" wrong={[]}>
          {(control) => (
            <select
              {...control}
              value={version}
              onChange={({ currentTarget: { value } }) =>
                choose({ kind: 'stored', name, ...(value === '' ? {} : { version: value }) })
              }
            >
              <option value="">the newest</option>
              {versions.map((one) => (
                <option key={one.version} value={String(one.version)}>
                  {one.version}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
    </>
  );
};
