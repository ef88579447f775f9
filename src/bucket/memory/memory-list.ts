import type { ListedEntry, ListOptions } from '../bucket.ts';
import type { ObjectKey } from '../object-key.ts';
import type { MemoryObject } from './memory-store.ts';

/** How the store sorts: by UTF-8 bytes as S3, or with `/` before all else, as stores do that walk folders (`a/1` before `a-b`). */
export type ListOrder = 'bytes' | 'slash-first';

const encoder = new TextEncoder();

/** Lists what the map holds when it begins; folded prefixes stand once, where their first key would. */
export function* listMemory(objects: ReadonlyMap<ObjectKey, MemoryObject>, options: ListOptions, order: ListOrder): Generator<ListedEntry> {
  const { prefix = '', delimiter, startAfter } = options;
  const folded = new Set<string>();
  for (const [key, object] of [...objects].sort(([left], [right]) => compareKeys(left, right, order))) {
    if (!key.startsWith(prefix)) continue;
    if (startAfter !== undefined && compareKeys(key, startAfter, 'bytes') <= 0) continue;
    const fold = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length);
    if (fold < 0) {
      yield { kind: 'object', key, size: object.bytes.byteLength, etag: object.etag, lastModified: new Date(object.lastModifiedMs) };
    } else if (!folded.has(key.slice(0, fold + 1))) {
      folded.add(key.slice(0, fold + 1));
      yield { kind: 'prefix', prefix: key.slice(0, fold + 1) };
    }
  }
}

function compareKeys(left: string, right: string, order: ListOrder): number {
  const [a, b] = [encoder.encode(left), encoder.encode(right)];
  const slash = (byte: number | undefined): number => (byte === undefined ? -2 : order === 'slash-first' && byte === 0x2f ? -1 : byte);
  for (let at = 0; at <= Math.min(a.byteLength, b.byteLength); at++) {
    const difference = slash(a[at]) - slash(b[at]);
    if (difference !== 0) return difference;
  }
  return 0;
}
