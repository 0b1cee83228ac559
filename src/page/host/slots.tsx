import { hrefOf } from '../shell/router.ts';
import type { ShownHost } from './facts.ts';

/** The places for running builds, and what is in them. */
export const Slots = ({ slots }: { readonly slots: NonNullable<ShownHost['slots']> }) => (
  <section aria-labelledby="slots">
    <h2 id="slots">Slots</h2>
    <ul class="slots">
      {slots.map(({ slot, build_id: id }) => (
        <li key={slot}>
          <code>imaged-{slot}</code>{' '}
          {id === undefined || id === null ? (
            <span class="quiet">free</span>
          ) : (
            <a class="id" href={hrefOf(['builds', id])}>
              {id}
            </a>
          )}
        </li>
      ))}
    </ul>
  </section>
);
