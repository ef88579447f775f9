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
const headerLine = /^([!#$%&'*+.^_`|~0-9a-z-]+):[ \t]*([^\r\n\0]*?)[ \t]*$/i;
const length = /^\d{1,15}$/;

/**
 * Reads the head of an answer, without the empty line that ends it.
 * @returns undefined for whatever is not plain: no or several lengths, chunks, what comes before the answer itself (1xx), and all that is not HTTP
 */
export function parseResponseHead(text: string): ResponseHead | undefined {
  const [first = '', ...lines] = text.split('\r\n');
  const [isRead, minor, status] = statusLine.exec(first) ?? [];
  const headers = parseHeaders(lines);
  const contentLength = headers?.['content-length'] ?? '';
  if (!isRead || !headers || !length.test(contentLength) || 'transfer-encoding' in headers) return undefined;
  const isReusable = minor === '1' && !/\bclose\b/i.test(headers['connection'] ?? '');
  return { status: Number(status), headers, contentLength: Number(contentLength), isReusable };
}

function parseHeaders(lines: readonly string[]): Record<string, string> | undefined {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const line of lines) {
    const [isRead, name = '', value = ''] = headerLine.exec(line) ?? [];
    if (isRead === undefined) return undefined;
    const key = name.toLowerCase();
    headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`;
  }
  return headers;
}
