/** Query parameters whose values let their holder in: S3's and its like's signatures, and tokens by any name. */
const secretParameter = /signature|credential|token|secret|password|policy|key-pair-id|accesskeyid|^sig$|^code$/i;

/** Headers whose values let their holder in. */
const secretHeaders: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-amz-security-token',
  'x-registry-auth',
]);

/** Headers that hold a URL, which may be a signed one. */
const urlHeaders: ReadonlySet<string> = new Set(['location', 'content-location', 'referer']);

const mask = 'REDACTED';

/**
 * A URL as messages and logs may show it: no user name or password, no fragment, and no value of a query parameter that could be a signature, a credential or a token.
 * What is no URL is masked whole, since nothing can be said of its parts.
 */
export function redactUrl(url: URL | string): string {
  const parsed = URL.parse(url);
  if (parsed === null) return mask;
  parsed.username = '';
  parsed.password = '';
  parsed.hash = '';
  for (const name of new Set(parsed.searchParams.keys())) {
    if (secretParameter.test(name)) parsed.searchParams.set(name, mask);
  }
  return parsed.href;
}

/** Headers as messages and logs may show them: secrets masked, URLs redacted. Names are lower-case. */
export function redactHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, redactHeader(name, value)]));
}

function redactHeader(name: string, value: string): string {
  if (secretHeaders.has(name)) return mask;
  return urlHeaders.has(name) && URL.canParse(value) ? redactUrl(value) : value;
}
