import { RegistryError } from '../errors/registry-error.ts';
import { parseBucketRepositoryName } from '../layout/bucket-repository-name.ts';
import { type Digest, parseDigest } from '../oci/digest.ts';
import { formatRegistryReference, parseRegistryReference, type RegistryReference } from '../oci/reference.ts';
import { parseTag, type RepositoryName, type Tag } from '../oci/repository-name.ts';
import { type BucketAddress, formatBucketAddress, splitBucketAddress } from './bucket-address.ts';

/** A bucket, or a repository or an image in it. */
export interface BucketPlace {
  readonly kind: 'bucket';
  readonly address: BucketAddress;
  /** Undefined for the bucket itself; without it there is neither tag nor digest, and with it at most one of both. */
  readonly repository?: RepositoryName | undefined;
  readonly tag?: Tag | undefined;
  readonly digest?: Digest | undefined;
}

/** An image in a registry. */
interface RegistryPlace {
  readonly kind: 'docker';
  readonly reference: RegistryReference;
}

/** Files that hold images; `reference` chooses or names one, as the format spells names. */
interface FilePlace {
  readonly kind: 'oci' | 'oci-archive' | 'docker-archive';
  readonly path: string;
  readonly reference?: string | undefined;
}

/** An image that a container engine of this machine keeps, by the name that it has there. */
interface EnginePlace {
  readonly kind: 'docker-daemon';
  readonly name: string;
}

/** Where an image comes from or goes, as a person names it. */
export type Place = BucketPlace | RegistryPlace | FilePlace | EnginePlace;

const fileTransports = ['oci', 'oci-archive', 'docker-archive'] as const;
const engineTransports = ['docker-daemon'] as const;
/** What skopeo and others name, so that `dir:app` is not taken for a repository of that name. */
const otherTransports: ReadonlySet<string> = new Set(['containers-storage', 'dir', 'ostree', 'sif', 'tarball', 'atomic']);
const maxPlaceLength = 8192;

/**
 * Reads the name of a place: `s3://BUCKET/NAME`, `r2://BUCKET/NAME`, `file:DIR//NAME`, `https://HOST/NAME` (each `NAME:TAG`, `NAME@DIGEST`, or without `/NAME` the
 * bucket itself), `docker://REFERENCE`, `oci:DIR[:REF]`, `oci-archive:FILE[:REF]`, `docker-archive:FILE[:REF]`, `docker-daemon:NAME`, or a bare `NAME[:TAG]` in the default bucket.
 * @throws RegistryError `reference-invalid`, `name-invalid`, `tag-invalid`, `digest-invalid`, `digest-unsupported`; none of their messages holds a password or a query
 */
export function parsePlace(text: string): Place {
  if (text === '' || text.length > maxPlaceLength || text.includes('\0')) {
    throw invalid(text, `wanted 1 to ${maxPlaceLength} characters, none of them NUL`);
  }
  const [scheme, rest] = splitScheme(text);
  if (scheme === 'docker') return parseDocker(rest, text);
  const transport = fileTransports.find((name) => name === scheme);
  if (transport !== undefined) return parseFilePlace(transport, rest, text);
  const engine = engineTransports.find((name) => name === scheme);
  if (engine !== undefined) return parseEnginePlace(engine, rest, text);
  if (scheme !== undefined && otherTransports.has(scheme)) throw invalid(text, `"${scheme}:" is not supported`);
  const split = splitBucketAddress(text);
  if (split !== undefined) return parseBucketPlace(split.address, split.image, text);
  if (text.includes('://')) throw invalid(text, 'its scheme is not known');
  if (/^[./~\\]/.test(text)) throw invalid(text, 'it looks like a path, of which the kind is not said');
  return parseBucketPlace({ kind: 'default' }, text, text);
}

/** Whether an archive's path is standard input or output, as `-` says. */
export function isStandardStream(path: string): boolean {
  return path === '-';
}

/** The name of a place, which reads back as the same. Holds nothing secret, since `parsePlace` takes nothing secret. */
export function formatPlace(place: Place): string {
  if (place.kind === 'docker') return `docker://${formatRegistryReference(place.reference)}`;
  if ('name' in place) return `${place.kind}:${place.name}`;
  if (place.kind !== 'bucket') return `${place.kind}:${place.path}${place.reference === undefined ? '' : `:${place.reference}`}`;
  const { repository, tag, digest } = place;
  const image = `${repository ?? ''}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
  return formatBucketAddress(place.address, image);
}

/** The word before the first `:`, if it is one. */
function splitScheme(text: string): [scheme: string | undefined, rest: string] {
  const match = /^([a-z][a-z0-9+-]*):/.exec(text);
  return match?.[1] === undefined ? [undefined, text] : [match[1], text.slice(match[0].length)];
}

function parseDocker(rest: string, text: string): RegistryPlace {
  if (!rest.startsWith('//')) throw invalid(text, 'wanted "docker://" and a reference');
  if (rest.includes('://') || /[?#]/.test(rest)) throw invalid(text, 'wanted a reference without scheme and query after "docker://"');
  return { kind: 'docker', reference: parseRegistryReference(rest.slice(2)) };
}

/** The path ends at the first `:`, as with skopeo; the one after a drive's letter does not count. */
function parseFilePlace(kind: FilePlace['kind'], rest: string, text: string): FilePlace {
  const colon = rest.indexOf(':', /^[A-Za-z]:[\\/]/.test(rest) ? 2 : 0);
  const path = colon < 0 ? rest : rest.slice(0, colon);
  const reference = colon < 0 ? undefined : rest.slice(colon + 1);
  if (path === '') throw invalid(text, `wanted a path after "${kind}:"`);
  if (reference === '') throw invalid(text, `wanted a name after "${kind}:${path}:"`);
  return { kind, path, reference };
}

/** A reference by Docker's habits, or an image's ID. */
function parseEnginePlace(kind: EnginePlace['kind'], name: string, text: string): EnginePlace {
  if (/^[A-Za-z0-9][A-Za-z0-9._:/@-]*$/.test(name)) return { kind, name };
  throw invalid(text, `wanted the name of an image after "${kind}:"`);
}

/** `NAME`, `NAME:TAG`, `NAME@DIGEST`, or nothing for the bucket itself. */
function parseBucketPlace(address: BucketAddress, image: string, text: string): BucketPlace {
  if (image === '') return { kind: 'bucket', address };
  const at = image.indexOf('@');
  const [name, digest] = at < 0 ? [image, undefined] : [image.slice(0, at), parseDigest(image.slice(at + 1))];
  const colon = name.indexOf(':');
  if (colon < 0) return { kind: 'bucket', address, repository: parseBucketRepositoryName(name), digest };
  if (digest !== undefined) throw invalid(text, 'wanted a tag or a digest, found both');
  return { kind: 'bucket', address, repository: parseBucketRepositoryName(name.slice(0, colon)), tag: parseTag(name.slice(colon + 1)) };
}

function invalid(text: string, why: string): RegistryError {
  return new RegistryError('reference-invalid', `Cannot read ${JSON.stringify(withoutSecrets(text))} as the name of a place: ${why}`, {
    hint: 'Places look like "s3://my-bucket/team/app:1.0", "file:./bucket//team/app:1.0", "oci:./image:1.0" or "docker://alpine:3.20".',
  });
}

/** What may be shown of a text that could not be read: no query, and nothing that stands where a password would. */
function withoutSecrets(text: string): string {
  return text
    .replace(/\?.*$/s, '?…')
    .replace(/\/\/[^/]*@/g, '//…@')
    .slice(0, 200);
}
