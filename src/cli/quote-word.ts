/** A word as a shell takes it again: in single quotes where it holds what a shell would read in its own way. */
export function quoteWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
