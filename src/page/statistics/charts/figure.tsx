import type { ComponentChildren } from 'preact';

type Props = {
  readonly title: string;
  /** What the colours mean, in the order of their classes `key-N`. */
  readonly keys: readonly { readonly name: string; readonly mark: string }[];
  readonly heads: readonly string[];
  /** The numbers that are drawn, a row each; the first of a row names it. */
  readonly rows: readonly (readonly string[])[];
  readonly children: ComponentChildren;
};

/** A chart with its heading, what its colours mean, and its numbers as a table. */
export const Figure = ({ title, keys, heads, rows, children }: Props) => (
  <section class="figure" aria-label={title}>
    <h2>{title}</h2>
    {keys.length < 2 ? null : (
      <p class="keys">
        {keys.map(({ name, mark }) => (
          <span key={name} class={`key ${mark}`}>
            {name}
          </span>
        ))}
      </p>
    )}
    {rows.length === 0 ? <p class="quiet">Nothing in these days.</p> : children}
    {rows.length === 0 ? null : (
      <details>
        <summary>As a table</summary>
        <div class="scroll" tabIndex={0} role="region" aria-label={`${title}, as a table`}>
          <table>
            <thead>
              <tr>
                {heads.map((head, at) => (
                  <th key={head} scope="col" class={at === 0 ? undefined : 'number'}>
                    {head}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(([name, ...cells], at) => (
                <tr key={at}>
                  <th scope="row">{name}</th>
                  {cells.map((cell, column) => (
                    <td key={column} class="number">
                      {cell}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    )}
  </section>
);
