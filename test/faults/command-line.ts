import { run } from '../../src/cli/main.node.ts';
import type { ErrorReport } from '../../src/cli/format-error.ts';

/** What a command line ended with. */
export interface Ending {
  readonly exitCode: number;
  readonly stderr: string;
}

/** Runs the command line in this process, with an environment of its own. */
export async function runWords(words: readonly string[], environment: Readonly<Record<string, string>>): Promise<Ending> {
  let stderr = '';
  const note = (content: string | Uint8Array): void => {
    stderr += typeof content === 'string' ? content : new TextDecoder().decode(content);
  };
  const exitCode = await run({
    words,
    environment,
    stdout: { write: () => undefined },
    stderr: { write: note },
    signal: new AbortController().signal,
  });
  return { exitCode, stderr };
}

/** The error that a command line with `--json` ended with. */
export function readReport({ stderr }: Ending): ErrorReport['error'] {
  const line = stderr.split('\n').findLast((text) => text.startsWith('{')) ?? '{}';
  return (JSON.parse(line) as ErrorReport).error;
}
