import { RegistryError } from '../errors/registry-error.ts';
import { isHost } from '../oci/reference.ts';

/** What a place may say of a store beside its bucket; what it leaves out comes from the environment and the profiles. */
interface StoreOptions {
  /** `http(s)://HOST[:PORT][/PATH]`, without user, query and fragment. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  readonly pathStyle?: boolean | undefined;
}

/** Which bucket, as a place names it. */
export type BucketAddress =
  | ({ readonly kind: 's3' | 'r2'; readonly bucket: string } & StoreOptions)
  /** A directory bucket. */
  | { readonly kind: 'file'; readonly path: string }
  /** A bucket that is only public: it can be read. */
  | { readonly kind: 'http' | 'https'; readonly host: string }
  /** The one of `--bucket`, the environment or the configuration. */
  | { readonly kind: 'default' };

/** S3's rules allow less; other stores allow this. What none allows is not sent to any. */
const bucketNameGrammar = /^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/;
const storeOptionNames = 'endpoint, region and path-style';

/**
 * Parts a place's name into bucket and image.
 * @returns undefined where it begins like none of a bucket
 * @throws RegistryError `reference-invalid`
 */
export function splitBucketAddress(text: string): { readonly address: BucketAddress; readonly image: string } | undefined {
  const match = /^(s3|r2|https?):\/\/(.*)$/s.exec(text);
  if (text.startsWith('file:')) return splitFile(text.slice('file:'.length));
  if (match === null) return undefined;
  const [, scheme = '', rest = ''] = match;
  const [path = '', ...query] = rest.split('?');
  const slash = path.indexOf('/');
  const name = slash < 0 ? path : path.slice(0, slash);
  const image = slash < 0 ? '' : path.slice(slash + 1);
  if (scheme === 's3' || scheme === 'r2') {
    return { address: { kind: scheme, bucket: parseBucketName(scheme, name), ...parseStoreOptions(scheme, query.join('?')) }, image };
  }
  const kind = scheme === 'http' ? 'http' : 'https';
  if (query.length > 0) throw invalid(`Cannot read a place that begins with "${kind}://": wanted no query`);
  // Never quoted: what is no host may hold a password.
  if (!isHost(name.toLowerCase()))
    throw invalid(`Cannot read a place that begins with "${kind}://": wanted HOST[:PORT]/NAME, without user and password`);
  return { address: { kind, host: name.toLowerCase() }, image };
}

/** The name of a bucket and an image in it (empty for the bucket itself). */
export function formatBucketAddress(address: BucketAddress, image: string): string {
  switch (address.kind) {
    case 'default':
      return image;
    case 'file':
      return formatFile(address.path, image);
    case 'http':
    case 'https':
      return `${address.kind}://${address.host}${image === '' ? '' : `/${image}`}`;
    case 's3':
    case 'r2':
      return `${address.kind}://${address.bucket}${image === '' ? '' : `/${image}`}${formatStoreOptions(address)}`;
  }
  return address satisfies never;
}

/**
 * A leading `//` before a third slash is dropped, as in `file:///srv/bucket`; then the last `//` parts the directory from the repository. Not read as a URL: that would make
 * `file:./bucket` absolute, and percent-decode names.
 */
function splitFile(rest: string): { readonly address: BucketAddress; readonly image: string } {
  const text = rest.startsWith('///') ? rest.slice(2) : rest;
  const parting = text.lastIndexOf('//');
  const [path, image] = parting < 0 ? [text, ''] : [text.slice(0, parting), text.slice(parting + 2)];
  if (path === '' || (path.startsWith('//') && !rest.startsWith('///'))) {
    throw invalid(`Cannot read ${JSON.stringify(`file:${rest}`.slice(0, 200))} as the name of a place: wanted "file:DIRECTORY//NAME"`);
  }
  return { address: { kind: 'file', path }, image };
}

function formatFile(path: string, image: string): string {
  // Without a name, a `//` inside the path would part it.
  const parting = image !== '' || path.includes('//') ? '//' : '';
  return `file:${path.startsWith('/') ? '//' : ''}${path}${parting}${image}`;
}

function parseBucketName(scheme: string, name: string): string {
  if (bucketNameGrammar.test(name)) return name;
  throw invalid(
    `Cannot read a place that begins with "${scheme}://": wanted the name of a bucket, at least two letters, digits, ".", "-" and "_", before the next "/"`,
  );
}

function parseStoreOptions(scheme: string, query: string): StoreOptions {
  const options: { endpoint?: string; region?: string; pathStyle?: boolean } = {};
  for (const [name, value] of new URLSearchParams(query)) {
    if (name === 'endpoint') options.endpoint = parseEndpoint(value);
    else if (name === 'region' && /^[A-Za-z0-9-]{1,64}$/.test(value)) options.region = value;
    else if (name === 'path-style' && (value === 'true' || value === 'false')) options.pathStyle = value === 'true';
    else {
      const known = ['region', 'path-style'].includes(name) ? `a sound value for "${name}"` : `${storeOptionNames} and no other`;
      throw invalid(`Cannot read the query of a place that begins with "${scheme}://": wanted ${known}`);
    }
  }
  return options;
}

function parseEndpoint(value: string): string {
  const match = /^https?:\/\/([^/?#]+)(?:\/[A-Za-z0-9._~/-]*)?$/.exec(value);
  if (match?.[1] !== undefined && isHost(match[1].toLowerCase())) return value;
  // Not quoted: it may hold a password.
  throw invalid('Cannot read the endpoint of a place: wanted http(s)://HOST[:PORT], without user, password and query');
}

function formatStoreOptions({ endpoint, region, pathStyle }: StoreOptions): string {
  const query = new URLSearchParams();
  if (endpoint !== undefined) query.set('endpoint', endpoint);
  if (region !== undefined) query.set('region', region);
  if (pathStyle !== undefined) query.set('path-style', String(pathStyle));
  return query.size === 0 ? '' : `?${query.toString()}`;
}

function invalid(message: string): RegistryError {
  return new RegistryError('reference-invalid', message);
}
