import { useEffect, useState } from 'preact/hooks';
import { hrefOf, replacePlace } from '../shell/router.ts';

const spans = ['7', '30', '90', '366'] as const;

/** What is told of: the last so many days, and one template or all. It stands in the address. */
export type StatisticsChoice = { readonly days: string; readonly template: string };

export const choiceOf = (query: URLSearchParams): StatisticsChoice => ({
  days: spans.find((span) => span === query.get('days')) ?? '30',
  template: query.get('template') ?? '',
});

const go = (choice: StatisticsChoice) => replacePlace(hrefOf(['statistics'], choice));

/** `names`: templates to choose from. */
export const Chooser = ({
  choice,
  names,
}: {
  readonly choice: StatisticsChoice;
  readonly names: readonly string[];
}) => {
  const [draft, setDraft] = useState(choice.template);
  useEffect(() => setDraft(choice.template), [choice.template]);
  return (
    <form class="filters" onSubmit={(event) => event.preventDefault()}>
      <select
        aria-label="Days"
        value={choice.days}
        onChange={({ currentTarget }) => go({ ...choice, days: currentTarget.value })}
      >
        {spans.map((span) => (
          <option key={span} value={span}>{`the last ${span} days`}</option>
        ))}
      </select>
      <input
        aria-label="Template"
        placeholder="All templates"
        list="statistics-templates"
        value={draft}
        onInput={({ currentTarget }) => setDraft(currentTarget.value)}
        onChange={({ currentTarget }) => go({ ...choice, template: currentTarget.value.trim() })}
      />
      <datalist id="statistics-templates">
        {names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {choice.template === '' ? null : (
        <button type="button" onClick={() => go({ ...choice, template: '' })}>
          All templates
        </button>
      )}
    </form>
  );
};
