import type { Environment } from './environment.ts';

const hidden = '[redacted]';
/** Environment variables whose values are secrets wherever they turn up. */
const secretNames = /(?:SECRET|PASSWORD|TOKEN|PASSPHRASE|CREDENTIAL)/;

const patterns: readonly (readonly [RegExp, string])[] = [
  // Signed queries of S3 and its like, and tokens in queries.
  [/([?&](?:X-Amz-(?:Signature|Credential|Security-Token)|AWSAccessKeyId|Signature|sig|token|access_token)=)[^&\s"'<>]+/gi, `$1${hidden}`],
  [/(\b(?:authorization|x-amz-security-token|cookie|set-cookie)\b["']?\s*[:=]\s*["']?)(?:(?:bearer|basic)\s+)?[^\r\n"']+/gi, `$1${hidden}`],
  [/\b(bearer|basic)\s+[A-Za-z0-9+/._~-]{8,}=*/gi, `$1 ${hidden}`],
  // A user and password before a host.
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^/\s"'@]+@/gi, `$1${hidden}@`],
];

/**
 * Takes out of a text what must never be shown: the values of the environment's secrets, signed queries, authorization headers, users and passwords in URLs.
 * The last fence: no message of ours should hold such a thing, but a cause from elsewhere may.
 */
export function redact(text: string, environment: Environment): string {
  let clean = text;
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && value.length >= 8 && secretNames.test(name.toUpperCase())) clean = clean.replaceAll(value, hidden);
  }
  for (const [pattern, replacement] of patterns) clean = clean.replace(pattern, replacement);
  return clean;
}
