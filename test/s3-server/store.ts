import type { Checksum } from './checksums.ts';
import { S3Error } from './errors.ts';
import type { PolicyDocument } from './policy.ts';

export interface StoredObject {
  readonly bytes: Buffer;
  /** With its quotes. */
  readonly etag: string;
  readonly modifiedMs: number;
  /** Content-Type and the other headers that S3 keeps, and the user's metadata. */
  readonly headers: Readonly<Record<string, string>>;
  readonly checksum?: Checksum | undefined;
}

export interface StoredPart {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly modifiedMs: number;
  readonly checksum: Checksum | undefined;
}

export interface Upload {
  readonly uploadId: string;
  readonly key: string;
  readonly initiatedMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly checksum: Pick<Checksum, 'algorithm' | 'type'> | undefined;
  readonly parts: Map<number, StoredPart>;
}

/** Documents that a bucket keeps beside its objects, by the name of their subresource. */
export type SettingName = 'policy' | 'lifecycle' | 'cors' | 'publicAccessBlock';

interface Change {
  readonly atMs: number;
  readonly key: string;
  readonly before: StoredObject | undefined;
}

/**
 * One bucket, in memory. It is written by synchronous functions only, so that a condition and the write that it
 * decides cannot be parted by another request: Node's single thread is the lock.
 */
export class Bucket {
  readonly name: string;
  readonly createdMs: number;
  readonly uploads: Map<string, Upload> = new Map();
  readonly settings: Map<SettingName, string> = new Map();
  policy: PolicyDocument | undefined;
  readonly #objects: Map<string, StoredObject> = new Map();
  readonly #deletedAt: Map<string, number> = new Map();
  readonly #keepsChanges: boolean;
  #changes: Change[] = [];

  /** Changes are kept only for listings of the past: they hold on to every object that was replaced. */
  constructor(name: string, createdMs: number, keepsChanges: boolean) {
    this.name = name;
    this.createdMs = createdMs;
    this.#keepsChanges = keepsChanges;
  }

  get(key: string): StoredObject | undefined {
    return this.#objects.get(key);
  }

  put(key: string, object: StoredObject): void {
    this.#remember(key, object.modifiedMs);
    this.#objects.set(key, object);
  }

  /** `tick` is the store's next one, so that writers who came earlier can see that this happened since. */
  delete(key: string, atMs: number, tick: number): void {
    if (!this.#objects.has(key)) return;
    this.#remember(key, atMs);
    this.#objects.delete(key);
    this.#deletedAt.set(key, tick);
  }

  #remember(key: string, atMs: number): void {
    if (this.#keepsChanges) this.#changes.push({ atMs, key, before: this.#objects.get(key) });
  }

  /** Whether a key was deleted after this tick. */
  wasDeletedSince(key: string, tick: number): boolean {
    return (this.#deletedAt.get(key) ?? -1) > tick;
  }

  objects(): ReadonlyMap<string, StoredObject> {
    return this.#objects;
  }

  /** The objects as they were at that time. Changes that are older are forgotten, so time must not go back. */
  objectsAsOf(timeMs: number): ReadonlyMap<string, StoredObject> {
    this.#changes = this.#changes.filter(({ atMs }) => atMs > timeMs);
    const objects = new Map(this.#objects);
    for (const { key, before } of this.#changes.toReversed()) {
      if (before) objects.set(key, before);
      else objects.delete(key);
    }
    return objects;
  }
}

const BUCKET_NAME = /^(?!xn--)(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** All buckets of a server. */
export class Store {
  readonly #buckets: Map<string, Bucket> = new Map();
  readonly #keepsChanges: boolean;
  #tick = 0;

  constructor(keepsChanges: boolean) {
    this.#keepsChanges = keepsChanges;
  }

  /** Numbers that grow, for what comes before what. */
  nextTick(): number {
    return this.#tick++;
  }

  create(name: string, nowMs: number): Bucket {
    if (!BUCKET_NAME.test(name)) throw new S3Error('InvalidBucketName', undefined, { elements: { BucketName: name } });
    if (this.#buckets.has(name)) throw new S3Error('BucketAlreadyOwnedByYou', undefined, { elements: { BucketName: name } });
    const bucket = new Bucket(name, nowMs, this.#keepsChanges);
    this.#buckets.set(name, bucket);
    return bucket;
  }

  find(name: string): Bucket | undefined {
    return this.#buckets.get(name);
  }

  /** `NoSuchBucket` where `find` finds none. */
  get(name: string): Bucket {
    const bucket = this.find(name);
    if (!bucket) throw new S3Error('NoSuchBucket', undefined, { elements: { BucketName: name } });
    return bucket;
  }

  delete(name: string): void {
    if (this.get(name).objects().size > 0) throw new S3Error('BucketNotEmpty', undefined, { elements: { BucketName: name } });
    this.#buckets.delete(name);
  }

  buckets(): Bucket[] {
    return [...this.#buckets.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }
}
