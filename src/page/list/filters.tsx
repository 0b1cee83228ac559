import { useEffect, useRef } from 'preact/hooks';
import type { Status } from '../api/types.ts';
import { hrefOf, replacePlace } from '../shell/router.ts';

export const statuses = [
  'queued',
  'running',
  'held',
  'succeeded',
  'failed',
  'cancelled',
] as const satisfies readonly Status[];

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
      <input
        aria-label="Template"
        placeholder="Template"
        value={filter.template}
        onChange={({ currentTarget }) => go({ ...filter, template: currentTarget.value.trim() })}
      />
      <input
        aria-label="Label"
        placeholder="Label: team=infra"
        value={filter.label}
        onChange={({ currentTarget }) => go({ ...filter, label: currentTarget.value.trim() })}
      />
    </form>
  );
};
