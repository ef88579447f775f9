import { redactUrl } from '../http/redact.ts';
import type { Environment } from './environment.ts';

const mask = 'REDACTED';
/** Environment variables whose values are secrets wherever they turn up. */
const secretNames = /(?:SECRET|PASSWORD|TOKEN|PASSPHRASE|CREDENTIAL)/;
/** A URL that could hold a secret: with a query, or with a user. */
const suspectUrl = /\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>]*[?@][^\s"'<>]*/gi;
const secretHeader = /(\b(?:authorization|x-amz-security-token|cookie|set-cookie)\b["']?\s*[:=]\s*["']?)[^\r\n"']+/gi;
const authorization = /\b(bearer|basic)\s+[A-Za-z0-9+/._~-]{8,}=*/gi;

/**
 * Takes out of a text what must never be shown: the values of the environment's secrets, signed queries, authorization headers, users and passwords in URLs.
 * The last fence: no message of ours should hold such a thing, but a cause from elsewhere may.
 */
export function redact(text: string, environment: Environment): string {
  let clean = text;
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && value.length >= 8 && secretNames.test(name.toUpperCase())) clean = clean.replaceAll(value, mask);
  }
  return clean
    .replace(suspectUrl, (url) => redactUrl(url))
    .replace(secretHeader, `$1${mask}`)
    .replace(authorization, `$1 ${mask}`);
}
