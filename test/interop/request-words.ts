import type { Place } from './place.ts';

/** A line of the request log of `bucketry serve --static`; comments and all else are passed over. */
const LOG_LINE = /^(GET|HEAD|POST|PUT|PATCH|DELETE) (\S+) (\d{3})\b/;

/**
 * What a client asked for, in words: `HEAD tag`, `GET manifest by digest`, `GET blob`, with the status where it is not 200. Each word stands where it came
 * first: how many connections a client opens, and in which order blobs come, is not its protocol.
 */
export function listRequestWords(log: string, place: Place): readonly string[] {
  const words = log.split('\n').flatMap((line) => {
    const [, method = '', path = '', status = ''] = LOG_LINE.exec(line) ?? [];
    if (method === '') return [];
    return [`${method} ${nameOf(path, place)}${status === '200' ? '' : ` (${status})`}`];
  });
  return [...new Set(words)];
}

function nameOf(path: string, { repository, images }: Place): string {
  if (/^\/v2\/?$/.test(path)) return '/v2/';
  const [, kind, last = ''] = new RegExp(String.raw`^/v2/${repository}/(\w+)/([^?]+)`).exec(path) ?? [];
  switch (kind) {
    case 'manifests':
      if (!last.includes(':')) return 'tag';
      return last === images.index.root.digest ? 'index by digest' : 'manifest by digest';
    case 'blobs':
      return 'blob';
    case 'referrers':
      return 'referrers';
    case undefined:
    default:
      return path;
  }
}
