import type { Row } from './row.ts';

export type Line = Pick<Row, 'name' | 'what' | 'reach'> & { readonly measured: string; readonly reached: string };

const columns = ['name', 'what', 'measured', 'reach', 'reached'] as const satisfies readonly (keyof Line)[];

const heads: Line = { name: '', what: 'how', measured: 'measured', reach: 'reach', reached: 'reached' };

/** A Markdown table whose columns line up also where nobody renders it. */
export const showTable = (lines: readonly Line[]): string => {
  const escaped = (text: string) => text.replaceAll('|', '\\|');
  const widths = columns.map((column) => Math.max(...[heads, ...lines].map((line) => escaped(line[column]).length), 3));
  const row = (line: Line) =>
    `| ${columns.map((column, at) => escaped(line[column]).padEnd(widths[at] ?? 0)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [row(heads), rule, ...lines.map(row)].map((line) => `${line}\n`).join('');
};
