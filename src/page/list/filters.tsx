import { useEffect, useRef, useState } from 'preact/hooks';
import type { Status } from '../api/types.ts';
import { hrefOf, replacePlace } from '../shell/router.ts';

const statuses = ['queued', 'running', 'held', 'succeeded', 'failed', 'cancelled'] as const satisfies readonly Status[];

/** What the list is narrowed to; it stands in the address. */
export type Filter = {
  readonly status: readonly string[];
  readonly template: string;
  /** `team=infra`. */
  readonly label: string;
  /** Within what is loaded. */
  readonly text: string;
};

export const filterOf = (query: URLSearchParams): Filter => ({
  status: (query.get('status') ?? '').split(',').filter((word) => word !== ''),
  template: query.get('template') ?? '',
  label: query.get('label') ?? '',
  text: query.get('text') ?? '',
});

const go = (filter: Filter) => replacePlace(hrefOf(['builds'], { ...filter, status: filter.status.join(',') }));

/** `/` goes to the search, as in a pager. */
const useSearchKey = () => {
  const search = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const isTyping = event.target instanceof HTMLElement && event.target.matches('input, textarea, select');
      if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      search.current?.focus();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);
  return search;
};

type EntryProps = {
  readonly name: string;
  readonly hint: string;
  readonly value: string;
  /** Called with the whole of it: by Enter, or when it is left. */
  readonly enter: (text: string) => void;
};

/** What is typed stays while the list is drawn anew, and counts once it is whole. */
const Entry = ({ name, hint, value, enter }: EntryProps) => {
  const [draft, setDraft] = useState(value);
  useEffect(() => setDraft(value), [value]);
  return (
    <input
      aria-label={name}
      placeholder={hint}
      value={draft}
      onInput={({ currentTarget }) => setDraft(currentTarget.value)}
      onChange={({ currentTarget }) => enter(currentTarget.value.trim())}
    />
  );
};

export const Filters = ({ filter }: { readonly filter: Filter }) => {
  const search = useSearchKey();
  const toggle = (status: string) => {
    const isOn = filter.status.includes(status);
    go({ ...filter, status: isOn ? filter.status.filter((one) => one !== status) : [...filter.status, status] });
  };
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <fieldset>
        <legend class="unseen">Status</legend>
        {statuses.map((status) => (
          <button
            key={status}
            type="button"
            aria-pressed={filter.status.includes(status)}
            onClick={() => toggle(status)}
          >
            {status}
          </button>
        ))}
      </fieldset>
      <input
        ref={search}
        type="search"
        aria-label="Text"
        aria-keyshortcuts="/"
        placeholder="Text ( / )"
        value={filter.text}
        onInput={({ currentTarget }) => go({ ...filter, text: currentTarget.value })}
      />
      <Entry
        name="Template"
        hint="Template"
        value={filter.template}
        enter={(template) => go({ ...filter, template })}
      />
      <Entry name="Label" hint="Label: team=infra" value={filter.label} enter={(label) => go({ ...filter, label })} />
    </form>
  );
};
