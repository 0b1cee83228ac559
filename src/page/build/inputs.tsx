import type { Input } from '../api/types.ts';

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

const Variables = ({ variables }: Pick<Input, 'variables'>) => {
  const entries = Object.entries(variables);
  if (entries.length === 0) return <p class="quiet">None.</p>;
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Value</th>
        </tr>
      </thead>
      <tbody>
        {entries.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>
              <code>{textOf(value)}</code>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
};

/** What a build is made from; what is sensitive is never sent to a browser. */
export const Inputs = ({ input }: { readonly input: Input }) => (
  <>
    <h2>Variables</h2>
    <Variables variables={input.variables} />
    <h2>Plan</h2>
    <ol class="plan">
      {input.plan.map(({ name, phase, timeout_seconds, about }, at) => (
        <li key={at}>
          <strong>{name}</strong> {about ?? ''}{' '}
          <span class="quiet">
            {phase}, at most {timeout_seconds} s
          </span>
        </li>
      ))}
    </ol>
    <h2>Template</h2>
    <pre tabIndex={0} aria-label="Template">
      {JSON.stringify(input.template, null, 2)}
    </pre>
  </>
);
