import type { Plan } from '../api/types.ts';

const StepsShown = ({ plan, notes }: Plan) => (
  <>
    {notes.length === 0 ? null : (
      <ul>
        {notes.map(({ pointer, message }) => (
          <li key={pointer + message}>
            <code>{pointer}</code> {message}
          </li>
        ))}
      </ul>
    )}
    <ol class="plan">
      {plan.map(({ name, phase, about }, at) => (
        <li key={at}>
          <strong>{name}</strong> {about ?? ''} <span class="quiet">{phase}</span>
        </li>
      ))}
    </ol>
  </>
);

/** What the build would do, or each of those of a run. */
export const PlansShown = ({ plans }: { readonly plans: readonly Plan[] }) => (
  <section aria-label="What it would do">
    <h2>What it would do</h2>
    <p role="status">
      Nothing is wrong: {plans.length > 1 ? `${plans.length} builds of ` : ''}
      {plans.map(({ plan }) => plan.length).join(', ')} steps.
    </p>
    {plans.map((one, at) =>
      plans.length === 1 ? (
        <StepsShown key={at} {...one} />
      ) : (
        <details key={at}>
          <summary>
            {one.machine}: {one.plan.length} steps
          </summary>
          <StepsShown {...one} />
        </details>
      ),
    )}
  </section>
);
