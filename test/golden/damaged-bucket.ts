import { digestHex } from '../../src/streams/hasher.ts';
import type { BucketDump, ListedObject } from './golden-bucket.ts';

/** Ways to damage a bucket that is written down as files. */
export interface DamagedBucket {
  /** Other headers. */
  readonly change: (key: string, change: Partial<ListedObject> & { readonly contentEncoding?: string }) => void;
  readonly remove: (key: string) => void;
  /** Other text, its size and SHA-256 listed rightly. */
  readonly replace: (key: string, edit: (text: string) => string) => void;
  /** One object more, without headers. */
  readonly add: (key: string, text: string) => void;
  /** Other bytes than listed. */
  readonly corrupt: (key: string) => void;
}

/** A copy of a dump with something changed. */
export function damageDump({ listing, objects }: BucketDump, damage: (bucket: DamagedBucket) => void): BucketDump {
  const byKey = new Map(listing.map((object) => [object.key, object]));
  const changed = new Map(objects);
  const find = (key: string): ListedObject => {
    const object = byKey.get(key);
    if (!object) throw new Error(`The golden bucket has no "${key}" to damage`);
    return object;
  };
  const store = (text: string): Pick<ListedObject, 'size' | 'sha256'> => {
    const bytes = new TextEncoder().encode(text);
    const sha256 = digestHex('sha256', bytes);
    changed.set(sha256, bytes);
    return { size: bytes.byteLength, sha256 };
  };
  damage({
    change: (key, change) => byKey.set(key, { ...find(key), ...change }),
    remove: (key) => byKey.delete(find(key).key),
    replace: (key, edit) => byKey.set(key, { ...find(key), ...store(edit(new TextDecoder().decode(objects.get(find(key).sha256)))) }),
    add: (key, text) => byKey.set(key, { key, ...store(text), contentType: undefined, cacheControl: undefined, metadata: {} }),
    corrupt: (key) => changed.set(find(key).sha256, new TextEncoder().encode('other')),
  });
  return { listing: [...byKey.values()], objects: changed };
}
