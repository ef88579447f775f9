import { CodedError } from '../errors/coded-error.ts';
import type { ErrorCode } from '../errors/codes.ts';
import { exitCodeOf } from './exit-codes.ts';
import { usualHints } from './usual-hints.ts';

/** What a failed command writes with `--json`, in one line on standard error. */
export interface ErrorReport {
  readonly error: {
    /** `internal` for what is none of our errors. */
    readonly code: ErrorCode;
    readonly message: string;
    readonly side?: 'source' | 'target' | undefined;
    readonly hint?: string | undefined;
    readonly exitCode: number;
  };
}

const reportHint = 'This is a mistake of bucketry. Please report it with the output of the same command with --debug.';

/** A chain of causes that bites its own tail ends here. */
const maxCauses = 10;

/** An error as data. */
export function reportError(error: unknown): ErrorReport {
  if (error instanceof CodedError) {
    const { code, message, side, hint = usualHints[code] } = error;
    return { error: { code, message, side, hint, exitCode: exitCodeOf(code) } };
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { error: { code: 'internal', message, hint: reportHint, exitCode: exitCodeOf('internal') } };
}

/** An error for people: what failed, on which side, what to do. */
export function formatError({ error }: ErrorReport): string {
  const lines = [`error: ${error.message}`];
  if (error.side !== undefined) lines.push(`  where: the ${error.side} of the copy`);
  lines.push(`  code:  ${error.code}`);
  if (error.hint !== undefined) lines.push(`  hint:  ${error.hint}`);
  return lines.join('\n');
}

/** Where an error arose and the chain of its causes, for `--debug`. */
export function formatCauses(error: unknown): string {
  const blocks: string[] = [];
  let current = error;
  for (let depth = 0; current !== undefined && depth < maxCauses; depth += 1) {
    const text = current instanceof Error ? (current.stack ?? `${current.name}: ${current.message}`) : JSON.stringify(current);
    blocks.push(depth === 0 ? text : `caused by: ${text}`);
    current = current instanceof Error ? current.cause : undefined;
  }
  return blocks.join('\n');
}
