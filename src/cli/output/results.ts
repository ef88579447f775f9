import type { Sink } from './output.ts';
import { showControls, spellControls } from './show-controls.ts';

/** Writes results in one form. */
export type ResultWriter = (value: object, text: string) => void;

/** Results as text for people. */
export function createTextResults(stdout: Sink): ResultWriter {
  return (_value, text) => {
    if (text !== '') stdout.write(showControls(text.endsWith('\n') ? text : `${text}\n`));
  };
}

/** Results as JSON: indented on a terminal, elsewhere a line each. */
export function createJsonResults(stdout: Sink): ResultWriter {
  return (value) => void stdout.write(`${spellControls(JSON.stringify(value, undefined, stdout.isTTY ? 2 : undefined))}\n`);
}
