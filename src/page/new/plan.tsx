import type { Plan } from '../api/types.ts';

/** What the build would do. */
export const PlanShown = ({ plan }: { readonly plan: Plan }) => (
  <section aria-label="What it would do">
    <h2>What it would do</h2>
    <p role="status">Nothing is wrong: {plan.plan.length} steps.</p>
    {plan.notes.length === 0 ? null : (
      <ul>
        {plan.notes.map(({ pointer, message }) => (
          <li key={pointer + message}>
            <code>{pointer}</code> {message}
          </li>
        ))}
      </ul>
    )}
    <ol class="plan">
      {plan.plan.map(({ name, phase, about }, at) => (
        <li key={at}>
          <strong>{name}</strong> {about ?? ''} <span class="quiet">{phase}</span>
        </li>
      ))}
    </ol>
  </section>
);
