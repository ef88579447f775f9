import { IMAGE_NAMES } from './images.ts';
import type { Place } from './place.ts';

/** A line of the request log of `bucketry serve --static`; its comments, and all else, are passed over. */
const LOG_LINE = /^(GET|HEAD|POST|PUT|PATCH|DELETE) (\S+) (\d{3})\b/;

/**
 * What a client asked for until it turned to another image than `index`: `HEAD tag`, `GET manifest by digest`, `GET blob`, with the status where it is not 200. Each
 * word stands where it came first: how many connections a client opens, and in which order blobs come, is not its protocol.
 */
export function listRequestWords(log: string, place: Place): readonly string[] {
  const words = new Set<string>();
  for (const line of log.split('\n')) {
    const [, method, path, status] = LOG_LINE.exec(line) ?? [];
    if (method === undefined || path === undefined) continue;
    const name = nameOf(path, place);
    if (name === undefined) break;
    words.add(`${method} ${name}${status === '200' ? '' : ` (${status})`}`);
  }
  return [...words];
}

/** What a path asks for, in a word; the path itself where it is nothing that we know. */
function nameOf(path: string, { repository, images }: Place): string | undefined {
  const [plain = ''] = decodeURIComponent(path).split('?');
  if (plain === '/v2/' || plain === '/v2') return plain;
  const [kind = '', last = ''] = plain.slice(`/v2/${repository}/`.length).split('/');
  if (kind === 'manifests' && last === 'index') return 'tag';
  if (isOfAnother(last, images)) return undefined;
  if (kind === 'manifests' && last.includes(':')) return last === images.index.root.digest ? 'index by digest' : 'manifest by digest';
  return kind === 'blobs' ? 'blob' : plain;
}

function isOfAnother(last: string, images: Place['images']): boolean {
  const others = IMAGE_NAMES.filter((name) => name !== 'index');
  return others.some((name) => name === last || images[name].digests.includes(last));
}
