import type { ComponentChildren } from 'preact';

type Tab = { readonly id: string; readonly title: string; readonly href: string; readonly count?: number | undefined };

const step: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1 };

/** Tabs with an address each; the arrow keys go from one to the next. */
export const Tabs = ({
  tabs,
  current,
  label,
  children,
}: {
  readonly tabs: readonly Tab[];
  readonly current: string;
  readonly label: string;
  readonly children: ComponentChildren;
}) => {
  const move = (event: KeyboardEvent) => {
    const by = step[event.key];
    if (by === undefined) return;
    const at = tabs.findIndex(({ id }) => id === current);
    const next = tabs[(at + by + tabs.length) % tabs.length];
    if (next === undefined) return;
    event.preventDefault();
    location.hash = next.href;
    document.getElementById(`tab-${next.id}`)?.focus();
  };
  return (
    <div class="tabs">
      <div role="tablist" aria-label={label} onKeyDown={move}>
        {tabs.map(({ id, title, href, count }) => (
          <a
            key={id}
            id={`tab-${id}`}
            role="tab"
            href={href}
            aria-selected={id === current}
            aria-controls="tab-panel"
            tabIndex={id === current ? 0 : -1}
          >
            {title}
            {count === undefined ? null : <span class="count">{count}</span>}
          </a>
        ))}
      </div>
      <div role="tabpanel" id="tab-panel" aria-labelledby={`tab-${current}`}>
        {children}
      </div>
    </div>
  );
};
