import type { PeerName } from '../peers/peers.ts';
import type { ImageName, TestImage } from './images.ts';

/** The places that images are pulled from, by the name of their column, with what it says. */
export const PLACES = {
  minio: 'MinIO, bucket at its host’s root',
  versitygw: 'versitygw, bucket at its host’s root',
  static: '`bucketry serve --static` of a directory bucket',
  nginx: 'nginx on the same directory',
  caddy: 'Caddy on the same directory',
  aws: 'S3’s own manners: 403 for a missing key (our test server)',
} as const;
export type PlaceName = keyof typeof PLACES;

export const PLACE_NAMES = Object.keys(PLACES) as readonly PlaceName[];

/** The server behind each place, where it is not ours. */
export const SERVERS: Readonly<Partial<Record<PlaceName, PeerName>>> = {
  minio: 'minio',
  versitygw: 'versitygw',
  nginx: 'nginx',
  caddy: 'caddy',
};

/** The host at whose root the buckets of the S3 servers stand; whoever asks it needs a hosts file that says 127.0.0.1. */
export const BUCKET = 'pub';
export const BUCKET_HOST: string = `${BUCKET}.localhost`;
/** For a command's `hosts`; only root can give a command a hosts file of its own. */
export const HOSTS: readonly string[] = process.getuid?.() === 0 ? [BUCKET_HOST] : [];

/** Where a client pulls from: nothing but a host that answers GET and HEAD over plain HTTP. */
export interface Place {
  readonly name: PlaceName;
  /** `HOST:PORT`, as it stands before the repository in a reference. */
  readonly host: string;
  readonly repository: string;
  readonly images: Readonly<Record<ImageName, TestImage>>;
}

/** `HOST:PORT/NAME`. */
export function formatRepository({ host, repository }: Pick<Place, 'host' | 'repository'>): string {
  return `${host}/${repository}`;
}

/** `HOST:PORT/NAME:TAG`. */
export function formatByTag(place: Place, name: ImageName): string {
  return `${formatRepository(place)}:${name}`;
}

/** `HOST:PORT/NAME@DIGEST`. */
export function formatByDigest(place: Place, name: ImageName): string {
  return `${formatRepository(place)}@${place.images[name].root.digest}`;
}

/** A place with a server of its own behind it, which runs until it is closed. */
export interface OpenPlace extends Place {
  /** From now on remembers what is asked for; the function that it gives returns the lines. Absent where no log is kept. */
  record?(): Promise<() => string>;
  close(): Promise<void>;
}
