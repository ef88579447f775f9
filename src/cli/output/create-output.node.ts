import { WriteStream } from 'node:tty';
import { silentDisplay } from './copy-display.ts';
import type { Output, Sink } from './output.ts';
import { createPlainDisplay } from './plain-display.ts';
import { createJsonResults, createTextResults } from './results.ts';
import { showControls } from './show-controls.ts';

/** How a command's output was asked for. */
export interface OutputOptions {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** Puts the outputs together that were asked for. */
export function createOutput({ stdout, stderr, json, quiet }: OutputOptions): Output {
  return {
    result: json ? createJsonResults(stdout) : createTextResults(stdout),
    bytes: (content) => void stdout.write(content),
    note: (line) => {
      if (!quiet) stderr.write(`${showControls(line)}\n`);
    },
    followCopy: async (options) => {
      if (quiet) return silentDisplay;
      if (!(stderr instanceof WriteStream)) return createPlainDisplay(stderr, options);
      // Loaded only for a terminal, and only when there is something to show.
      const { createTerminalDisplay } = await import('./terminal-display.ts');
      return createTerminalDisplay(stderr, options);
    },
  };
}
