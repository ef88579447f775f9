/** A column's heading, and on which side its cells stand. */
export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
}

/** A table for people, whatever shows it: cells in the order of the columns. */
export interface Table {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
}

/** A table as lines of a terminal, columns two spaces apart. */
export function formatColumns({ columns, rows }: Table): string {
  const lines = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map((_, index) => Math.max(...lines.map((cells) => (cells[index] ?? '').length)));
  const pad = (cell: string, index: number): string =>
    columns[index]?.align === 'left' ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0);
  return lines.map((cells) => cells.map(pad).join('  ').trimEnd()).join('\n');
}
