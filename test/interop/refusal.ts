import { lastLines } from '../peers/run-command.ts';
import type { CommandResult } from '../peers/run-command.ts';

/** A client could not do what it was asked: a result, which becomes a cell. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

/** Standard output of a command that succeeded. Throws a `Refusal` with the client's last words otherwise. */
export function expectSuccess({ code, stdout, stderr }: CommandResult): string {
  if (code !== 0) throw new Refusal(lastLines(stderr || stdout));
  return stdout;
}

/** Throws a `Refusal` unless a text has the part in it that proves what was done. */
export function expectPart(text: string, part: string): void {
  if (!text.includes(part)) throw new Refusal(`found ${JSON.stringify(text.slice(0, 500))}, wanted ${JSON.stringify(part)} in it`);
}

/** Why something does not work, as it stands in a cell and, longer, below the tables. */
interface Reason {
  readonly word: string;
  /** What clients say then. */
  readonly pattern: RegExp;
  readonly explanation: string;
}

/** Everything that was ever met. The first that fits counts. */
export const REASONS: readonly Reason[] = [
  {
    word: 'wants the digest header',
    pattern: /missing required header "Docker-Content-Digest"/,
    explanation:
      'The client resolves a tag by HEAD and takes the digest from the header `Docker-Content-Digest`, which a bucket alone does not send. By digest it works; so it does where an edge rule sends the header (each object has the digest in its metadata), and through a server.',
  },
  {
    word: 'no zstd here',
    pattern: /failed to register layer: .*unexpected EOF/s,
    explanation: 'Docker 20.10 cannot unpack zstd layers, wherever they come from. Docker 23 and later can.',
  },
];

/** How a cell begins that nobody has found a word for: a mistake, of ours or of the moment, until someone looks at it. */
export const UNEXPLAINED = 'unexplained: ';

/** The cell of what a client refused: a short word, or its own last line where nobody has found one yet. */
export function formatReason({ message }: Refusal): string {
  return REASONS.find(({ pattern }) => pattern.test(message))?.word ?? `${UNEXPLAINED}${lastLines(message, 1)}`;
}
