import type { ComponentChildren } from 'preact';

/** A column of a table: its head, and what stands in it for a row. */
export type Column<Row> = {
  readonly title: string;
  /** Whether the title is for those alone who hear the page. */
  readonly isUnseen?: boolean;
  /** How its cells look. Of `head` they name their rows. */
  readonly kind?: string;
  readonly of: (row: Row, at: number) => ComponentChildren;
};

type Props<Row> = {
  readonly label: string;
  readonly kind?: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string | number;
  /** What stands below the rows. */
  readonly children?: ComponentChildren;
};

/** A table that is scrolled by itself where it is wider than the page, by keys as well. */
export const Table = <Row,>({ label, kind, columns, rows, keyOf, children }: Props<Row>) => (
  <div class="scroll" tabIndex={0} role="region" aria-label={label}>
    <table class={kind}>
      <thead>
        <tr>
          {columns.map(({ title, isUnseen = false, kind: look }) => (
            <th key={title} scope="col" class={look === 'number' ? look : undefined}>
              {isUnseen ? <span class="unseen">{title}</span> : title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, at) => (
          <tr key={keyOf(row)}>
            {columns.map(({ title, kind: look, of }) =>
              look === 'head' ? (
                <th key={title} scope="row">
                  {of(row, at)}
                </th>
              ) : (
                <td key={title} class={look}>
                  {of(row, at)}
                </td>
              ),
            )}
          </tr>
        ))}
      </tbody>
    </table>
    {children}
  </div>
);
