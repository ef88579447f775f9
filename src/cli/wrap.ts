/** Breaks a text into lines of at most `width` characters, at spaces; a longer word stands alone. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  if (line !== '') lines.push(line);
  return lines;
}

/** Lays out rows of a term and its text: terms in a column of their own, texts wrapped beside it. */
export function formatTerms(rows: readonly (readonly [term: string, text: string])[], width: number): string {
  const column = Math.min(28, Math.max(0, ...rows.map(([term]) => term.length)) + 2);
  const indent = `  ${' '.repeat(column)}`;
  return rows
    .map(([term, text]) => {
      const body = wrap(text, width - indent.length).join(`\n${indent}`);
      return term.length > column - 2 ? `  ${term}\n${indent}${body}` : `  ${term.padEnd(column)}${body}`;
    })
    .join('\n');
}
