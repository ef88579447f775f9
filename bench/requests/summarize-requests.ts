import type { RecordedRequest } from './start-relay.ts';

/** What a contestant asked of the servers in one run. */
export interface RequestSummary {
  readonly count: number;
  /** The longest chain of requests of which each began when the one before had ended: round trips that added up. */
  readonly inSequence: number;
  /** How many there were of each kind, such as `PUT part`. */
  readonly kinds: Readonly<Record<string, number>>;
}

/** Sums up the requests of one run. */
export function summarizeRequests(requests: readonly RecordedRequest[]): RequestSummary {
  const kinds: Record<string, number> = {};
  for (const request of requests) {
    const kind = kindOf(request);
    kinds[kind] = (kinds[kind] ?? 0) + 1;
  }
  return { count: requests.length, inSequence: countChain(requests), kinds };
}

/** Taking always the request that ends first gives the longest chain. */
function countChain(requests: readonly RecordedRequest[]): number {
  let lastEndMs = -Infinity;
  let count = 0;
  for (const { startMs, endMs } of requests.toSorted((a, b) => a.endMs - b.endMs)) {
    if (startMs < lastEndMs) continue;
    lastEndMs = endMs;
    count += 1;
  }
  return count;
}

/** What a request is for, by the words of S3 and of the distribution specification. */
export function kindOf({ method, path }: Pick<RecordedRequest, 'method' | 'path'>): string {
  const { pathname, searchParams } = new URL(path, 'http://relay');
  if (searchParams.has('partNumber')) return 'PUT part';
  if (searchParams.has('uploadId')) return method === 'POST' ? 'complete upload' : `${method} upload`;
  if (searchParams.has('uploads')) return method === 'POST' ? 'create upload' : 'list uploads';
  if (searchParams.has('list-type')) return 'list objects';
  const what = ['_bucketry', 'blobs/uploads', 'blobs', 'manifests', 'tags', 'referrers'].find((part) => pathname.includes(`/${part}`));
  return `${method} ${what ?? (pathname.endsWith('/v2/') ? 'v2/' : 'object')}`;
}
