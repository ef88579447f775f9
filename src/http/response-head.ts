/** What stands before the body of an answer that is framed in the plainest way: by its length. */
export interface ResponseHead {
  readonly status: number;
  /** Lower-case names; a repeated header is joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  readonly contentLength: number;
  /** Whether the connection may be used again. */
  readonly isReusable: boolean;
}

const statusLine = /^HTTP\/1\.([01]) ([2-5]\d\d)(?: [^\r\n\0]*)?$/;
const fieldName = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;
const forbidden = /[\r\n\0]/;
const length = /^\d{1,15}$/;
/** RFC 9112 section 6.3: their length says nothing of what follows. */
const bodiless: ReadonlySet<string> = new Set(['204', '304']);

/**
 * Reads the head of an answer, without the empty line that ends it.
 * @returns undefined for whatever is not plain: no or several lengths, chunks, what comes before the answer itself (1xx), answers without a body whatever length they tell (204,
 * 304), and all that is not HTTP
 */
export function parseResponseHead(text: string): ResponseHead | undefined {
  const [first = '', ...lines] = text.split('\r\n');
  const [isRead, minor, status] = statusLine.exec(first) ?? [];
  const headers = parseHeaders(lines);
  const contentLength = headers?.['content-length'] ?? '';
  if (!isRead || !headers || !length.test(contentLength) || 'transfer-encoding' in headers) return undefined;
  if (bodiless.has(status ?? '')) return undefined;
  const isReusable = minor === '1' && !/\bclose\b/i.test(headers['connection'] ?? '');
  return { status: Number(status), headers, contentLength: Number(contentLength), isReusable };
}

function parseHeaders(lines: readonly string[]): Record<string, string> | undefined {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0));
    if (!fieldName.test(name) || forbidden.test(line)) return undefined;
    const key = name.toLowerCase();
    const value = trimBlanks(line.slice(colon + 1));
    headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`;
  }
  return headers;
}

/** Without the blanks around it. By hand: with a pattern, time grows with the cube of their number, and whoever answers chooses it. */
function trimBlanks(text: string): string {
  let [start, end] = [0, text.length];
  while (isBlank(text[start])) start += 1;
  while (end > start && isBlank(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}
