import { hasCode } from '../errors/coded-error.ts';
import type { TracePointName } from '../streams/trace.ts';
import type { Span } from './span.ts';

/** A fact about a span, as JSON has them. */
export type Fact = string | number | boolean;

type Facts = Readonly<Record<string, Fact>>;

/** Members that are not facts: Node adds them to the context when the work ends. */
const outcomeMembers: ReadonlySet<string> = new Set(['result', 'error']);

/** The name of a span among those like it: few names, so that they can be summed up. */
const names: Readonly<Record<TracePointName, (facts: Facts) => string>> = {
  command: ({ command }) => String(command),
  copy: () => 'copy',
  step: ({ step }) => String(step),
  blob: ({ mediaType }) => (/layer|diff/.test(String(mediaType)) ? 'layer' : 'blob'),
  part: ({ attempt }) => (attempt === 1 ? 'part' : 're-send'),
  range: () => 'range',
  bucket: ({ operation }) => `bucket.${operation}`,
  request: ({ method }) => String(method),
  retry: () => 'retry',
  compress: () => 'compress',
  hash: () => 'hash',
};

/** What tells a span from those of its name, in a word. */
const details: Partial<Readonly<Record<TracePointName, (facts: Facts) => string>>> = {
  blob: ({ digest }) => shorten(String(digest)),
  part: ({ part }) => String(part),
  request: ({ url }) => String(url).split('/').slice(-2).map(shorten).join('/'),
  retry: ({ code }) => String(code),
};

/** A span's name, such as `part`. */
export function nameSpan(span: Span): string {
  return names[span.point](readFacts(span));
}

/** A span's name with what tells it from others, such as `part 7`: for pictures. */
export function labelSpan(span: Span): string {
  const facts = readFacts(span);
  const detail = details[span.point]?.(facts);
  return detail === undefined ? names[span.point](facts) : `${names[span.point](facts)} ${detail}`;
}

/** All that is known of a span, by the names of the published context. Times are rounded to microseconds. */
export function readFacts({ context }: Span): Facts {
  const facts: Record<string, Fact> = {};
  for (const [name, value] of Object.entries(context)) {
    if (outcomeMembers.has(name)) continue;
    if (typeof value === 'number') facts[name] = Math.round(value * 1000) / 1000;
    else if (typeof value === 'string' || typeof value === 'boolean') facts[name] = value;
  }
  return facts;
}

/** Why a span failed; undefined where it did not. Only our own errors are quoted, whose messages hold no secret; of others only the kind is told. */
export function describeFailure({ failure }: Span): { readonly code: string; readonly message: string } | undefined {
  if (failure === undefined) return undefined;
  if (hasCode(failure)) return { code: failure.code, message: failure.message };
  const code = failure instanceof Error ? failure.name : 'unknown';
  return { code, message: code };
}

/** The first digits of a digest; other words whole. */
function shorten(word: string): string {
  return word.replace(/^(?:[a-z0-9]*(?::|-|%3A))?([0-9a-f]{12})[0-9a-f]{20,}$/i, '$1');
}
