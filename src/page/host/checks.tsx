import type { HostFacts } from './facts.ts';

const order = { fail: 0, warn: 1, ok: 2 } as const;

/** What `imaged check` finds, the worst first. */
export const Checks = ({ checks }: { readonly checks: NonNullable<HostFacts['checks']> }) => (
  <section aria-labelledby="checks">
    <h2 id="checks">Checks</h2>
    <p class="quiet">
      <code>imaged check</code>, on the host, says what to type.
    </p>
    <div class="scroll" tabIndex={0} role="region" aria-label="Findings">
      <table>
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col">Check</th>
            <th scope="col">Found</th>
          </tr>
        </thead>
        <tbody>
          {checks
            .toSorted((one, other) => order[one.state] - order[other.state])
            .map(({ name, state, message }) => (
              <tr key={name}>
                <td class={`check-${state}`}>{state}</td>
                <td>{name}</td>
                <td class="found">{message}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  </section>
);
