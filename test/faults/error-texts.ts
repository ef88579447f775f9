import { tracingChannel } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import { formatCauses, formatError, reportError } from '../../src/cli/format-error.ts';
import { traceChannelNames } from '../../src/streams/trace.ts';
import { credentials } from './fault-stage.ts';

/*
 * All that is ever said of failures in this process: of those that commands end with, and, by the tracing channel, of every single try against a store.
 */

/** What must stand in no text. The access key id is no secret, but has no business there either. */
const secrets: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['the secret access key', literal(credentials.secretAccessKey)],
  ['the session token', literal(credentials.sessionToken ?? '-')],
  ['the access key id', literal(credentials.accessKeyId)],
  ['a signature', /Signature=|X-Amz-(?:Signature|Credential|Security-Token)|AWS4-HMAC-SHA256/i],
];

const texts = new Set<string>();

/** Every distinct text so far, digests and numbers left out. */
export function notedTexts(): readonly string[] {
  return [...texts];
}

/** Takes up all that can be shown of an error: to people, as JSON, with `--debug`, and by a logger that prints whole objects. */
export function noteError(error: unknown): void {
  textsOf(error).forEach(noteText);
}

/** What of an error's texts holds a secret, in words. */
export function findLeaks(error: unknown): string[] {
  return textsOf(error).flatMap(findSecrets);
}

/** The secrets in a text, in words. */
export function findSecrets(text: string): string[] {
  return secrets.filter(([, pattern]) => pattern.test(text)).map(([name]) => `says ${name}: ${text.slice(0, 300)}`);
}

/** Has every failed try against a store noted from now on, with all that a subscriber of the channel gets, until the function that is returned is called. */
export function noteStoreErrors(): () => void {
  const channel = tracingChannel(traceChannelNames.bucket);
  const onError = (context: unknown): void => {
    noteError((context as { readonly error?: unknown }).error);
    noteText(inspect(context, { depth: 6 }));
  };
  channel.error.subscribe(onError);
  return () => {
    channel.error.unsubscribe(onError);
  };
}

function noteText(text: string): void {
  texts.add(text.replace(/[0-9a-f]{16,}/g, '…').replace(/\d+/g, '0'));
}

function textsOf(error: unknown): string[] {
  const report = reportError(error);
  return [formatError(report), JSON.stringify(report), formatCauses(error), inspect(error, { depth: 6 })];
}

function literal(text: string): RegExp {
  return new RegExp(text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'));
}
