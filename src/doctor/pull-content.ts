import { formatKey } from '../layout/keys.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, parseDigest } from '../oci/digest.ts';
import { fallbackTagOf } from '../oci/fallback-tag.ts';
import { type ImageIndex, type Manifest, maxManifestBytes, parseManifest } from '../oci/manifest.ts';
import { imageIndexTypes, imageManifestTypes, isForeignLayerType } from '../oci/media-types.ts';
import type { RepositoryName, Tag } from '../oci/repository-name.ts';
import { digestHex } from '../streams/hasher.ts';
import type { Site, SiteRequest } from './ask-site.ts';
import { decodeBody } from './decode-body.ts';
import type { SiteAnswer } from './site-answer.ts';

/** The image that is pulled. */
export interface PullSubject {
  readonly name: RepositoryName;
  readonly reference: Tag | Digest;
}

/** A request of a client's pull, by what it asks for. */
export type PullAsk = 'api' | 'tag-head' | 'tag' | 'root' | 'image' | 'config' | 'layer' | 'referrers' | 'referrers-tag';

/** What an image was seen to consist of; what could not be read is left out, with all below it. */
export interface PullContent {
  readonly subject: PullSubject;
  readonly root?: Descriptor | undefined;
  /** The manifest that most would run: linux/amd64, else the first that names a platform. The root, where that is no index. */
  readonly image?: Descriptor | undefined;
  readonly config?: Descriptor | undefined;
  /** The smallest one. */
  readonly layer?: Descriptor | undefined;
  /** A manifest that buildx added beside the image, of which Docker asks for the referrers. */
  readonly attestation?: Descriptor | undefined;
}

/** Blobs up to here are read and digested; of larger ones the start is read, and the length compared. */
export const maxBlobBytes: number = 1024 * 1024;

/** What clients accept as a manifest. */
const accept = [...imageManifestTypes, ...imageIndexTypes, '*/*'].join(', ');
/** As the HTTP library of Go asks, in which nearly all clients are written. */
const goHeaders = { 'accept-encoding': 'gzip' };

/** The request for one thing; undefined where it is not known what to ask for. */
export function requestFor(ask: PullAsk, content: PullContent): SiteRequest | undefined {
  const { subject, root, image, config, layer, attestation } = content;
  const { name } = subject;
  switch (ask) {
    case 'api':
      return { path: formatKey({ kind: 'root' }), headers: goHeaders };
    case 'tag-head':
      return { method: 'HEAD', path: tagPath(subject), headers: { accept } };
    case 'tag':
      return manifestRequest(tagPath(subject));
    case 'root':
      return root && manifestRequest(formatKey({ kind: 'manifest', name, digest: root.digest }));
    case 'image':
      return image && manifestRequest(formatKey({ kind: 'manifest', name, digest: image.digest }));
    case 'config':
      return config && blobRequest(name, config.digest);
    case 'layer':
      return layer && blobRequest(name, layer.digest);
    case 'referrers':
      return attestation && manifestRequest(formatKey({ kind: 'referrers', name, digest: attestation.digest }));
    case 'referrers-tag':
      return attestation && manifestRequest(formatKey({ kind: 'fallback-tag', name, tag: fallbackTagOf(attestation.digest) }));
  }
  return ask satisfies never;
}

/** What one thing must turn out to be; undefined where anything will do. */
export function expectedOf(ask: PullAsk, content: PullContent): Descriptor | undefined {
  return ask === 'tag' || ask === 'root' ? content.root : ask === 'image' || ask === 'config' || ask === 'layer' ? content[ask] : undefined;
}

/** The key of a tag, or of a manifest by its digest. */
export function tagPath({ name, reference }: PullSubject): string {
  return isDigestText(reference)
    ? formatKey({ kind: 'manifest', name, digest: reference })
    : formatKey({ kind: 'tag', name, tag: reference });
}

/** Follows an image from its tag to a layer. */
export async function readContent(site: Site, subject: PullSubject): Promise<PullContent> {
  const top = await readManifest(site, { subject }, 'tag');
  if (!top) return { subject };
  const { manifest, descriptor: root } = top;
  if (manifest.kind === 'image') return { subject, root, image: root, ...pickBlobs(manifest) };
  const listed = { subject, root, image: pickImage(manifest), attestation: manifest.manifests.find(isAttestation) };
  const below = listed.image && (await readManifest(site, listed, 'image'));
  return below?.manifest.kind === 'image' ? { ...listed, ...pickBlobs(below.manifest) } : listed;
}

async function readManifest(
  site: Site,
  content: PullContent,
  ask: PullAsk,
): Promise<{ readonly manifest: Manifest; readonly descriptor: Descriptor } | undefined> {
  const request = requestFor(ask, content);
  const answer = request && (await site.ask(request));
  const bytes = answer?.status === 200 ? await decodeBody(answer, maxManifestBytes) : undefined;
  const manifest = bytes && readAsManifest(bytes);
  if (!bytes || !manifest) return undefined;
  const digest = parseDigest(`sha256:${digestHex('sha256', bytes)}`);
  return { manifest, descriptor: { mediaType: manifest.mediaType, digest, size: bytes.byteLength } };
}

/** What an answer's bytes are as a manifest; undefined where they are none. */
export function readAsManifest(bytes: SiteAnswer['body']): Manifest | undefined {
  try {
    return parseManifest(bytes);
  } catch {
    return undefined;
  }
}

function pickImage({ manifests }: ImageIndex): Descriptor | undefined {
  const images = manifests.filter((one) => !isAttestation(one));
  return images.find(({ platform }) => platform?.os === 'linux' && platform.architecture === 'amd64') ?? images[0];
}

function isAttestation({ annotations }: Descriptor): boolean {
  return annotations?.['vnd.docker.reference.type'] === 'attestation-manifest';
}

function pickBlobs(manifest: Extract<Manifest, { kind: 'image' }>): Pick<PullContent, 'config' | 'layer'> {
  const layers = manifest.layers.filter(({ mediaType }) => !isForeignLayerType(mediaType));
  return { config: manifest.config, layer: layers.toSorted((one, other) => one.size - other.size)[0] };
}

/** Asks for a manifest, or for a list in the form of one, as clients do. */
export function manifestRequest(path: string): SiteRequest {
  return { path, headers: { ...goHeaders, accept }, maxBytes: maxManifestBytes };
}

function blobRequest(name: RepositoryName, digest: Digest): SiteRequest {
  return { path: formatKey({ kind: 'blob', name, digest }), headers: goHeaders, maxBytes: maxBlobBytes };
}

function isDigestText(reference: Tag | Digest): reference is Digest {
  return reference.includes(':');
}
