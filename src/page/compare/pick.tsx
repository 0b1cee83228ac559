import { useEffect, useState } from 'preact/hooks';
import { call } from '../api/call.ts';
import type { Build, Page } from '../api/types.ts';
import { momentText } from '../parts/format.ts';
import { useWork } from '../parts/use.ts';
import { hrefOf } from '../shell/router.ts';

const listed = 'compare-builds';

/** The newest builds, to choose from: of the template, where there is one. */
const useNewest = (template: string | undefined): readonly Build[] => {
  const [builds, setBuilds] = useState<readonly Build[]>([]);
  useWork(
    async (signal) => {
      const query = new URLSearchParams({ limit: '50', ...(template === undefined ? {} : { template }) });
      const { items } = await call<Page<Build>>(`builds?${query.toString()}`, { signal });
      setBuilds(items);
    },
    [template],
  );
  return builds;
};

type EntryProps = {
  readonly name: string;
  readonly hint: string;
  readonly value: string;
  readonly enter: (id: string) => void;
};

const Entry = ({ name, hint, value, enter }: EntryProps) => (
  <label>
    {name}{' '}
    <input
      list={listed}
      placeholder={hint}
      value={value}
      spellcheck={false}
      onInput={({ currentTarget }) => enter(currentTarget.value.trim())}
    />
  </label>
);

type Props = { readonly a: string; readonly b: string; readonly template: string | undefined };

/** Which two builds are compared; it stands in the address. */
export const Pick = ({ a, b, template }: Props) => {
  const [ids, setIds] = useState({ a, b });
  useEffect(() => setIds({ a, b }), [a, b]);
  const newest = useNewest(template);
  const go = (event: SubmitEvent) => {
    event.preventDefault();
    location.hash = hrefOf(['compare'], ids);
  };
  return (
    <form class="pick" onSubmit={go}>
      <Entry name="A" hint="the last good build" value={ids.a} enter={(id) => setIds({ ...ids, a: id })} />
      <Entry name="B" hint="id of a build" value={ids.b} enter={(id) => setIds({ ...ids, b: id })} />
      <button type="submit" class="main" disabled={ids.b === ''}>
        Compare
      </button>
      <button type="button" disabled={ids.a === ''} onClick={() => setIds({ a: ids.b, b: ids.a })}>
        Swap
      </button>
      <datalist id={listed}>
        {newest.map(({ id, status, template: { name }, created_at }) => (
          <option key={id} value={id}>{`${name}, ${status}, ${momentText(created_at)}`}</option>
        ))}
      </datalist>
    </form>
  );
};
