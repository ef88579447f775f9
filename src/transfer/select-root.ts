import { RegistryError } from '../errors/registry-error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { parseDigest } from '../oci/digest.ts';
import { isImageConfigType, maxImageConfigBytes, parseImageConfig } from '../oci/image-config.ts';
import { type ImageIndex, listChildren } from '../oci/manifest.ts';
import { imageIndexTypes, isManifestType } from '../oci/media-types.ts';
import { formatPlatform, isPlatformMatch, type Platform } from '../oci/platform.ts';
import { digestHex } from '../streams/hasher.ts';
import { readAll } from '../streams/read-all.ts';
import { verify } from '../streams/verify.ts';
import type { ImageSource, RequestOptions } from './image-source.ts';
import { maxDepth, type ManifestReader, type VerifiedManifest } from './manifest-reader.ts';
import { on, openSourceBlob } from './sides.ts';

/** For which platforms an image is wanted. */
export interface PlatformWish {
  readonly platforms: readonly Platform[];
  /** Nobody chose: it says which image of an index to take, and nothing against an image that is none of an index. */
  readonly isDefault: boolean;
}

/** An image below an index, and what it runs on. */
interface Candidate {
  readonly descriptor: Descriptor;
  readonly platform: Platform;
}

/** By this annotation BuildKit's attestations, of platform `unknown/unknown`, say which image they are about. */
const attestedDigest = 'vnd.docker.reference.digest';

/**
 * What is to be copied of what the source names.
 *
 * An index's digest covers its list, so a part of it is another thing. One platform: that platform's manifest is the root, as with crane and skopeo. Several: a new
 * index of just these and their attestations, since one that names what is not there would break whoever pulls all of it; it is the old one where all were chosen.
 * @param wanted undefined for all
 * @throws RegistryError `platform-missing`, naming those there are
 */
export async function selectRoot(
  source: ImageSource,
  reader: ManifestReader,
  wanted: PlatformWish | undefined,
  options: RequestOptions,
): Promise<Descriptor> {
  const descriptor = await on('source', () => source.root(options));
  if (wanted === undefined) return descriptor;
  const root = await reader.read(descriptor, options);
  if (root.manifest.kind === 'image' && wanted.isDefault) return descriptor;
  const candidates: Candidate[] = [];
  for await (const candidate of listImages({ source, reader, options, visited: new Set() }, root, 1)) candidates.push(candidate);
  const chosen = chooseEach(source.location, root, candidates, wanted.platforms);
  const [first] = chosen;
  if (root.manifest.kind === 'image' || first === undefined) return descriptor;
  return wanted.platforms.length === 1 ? first.descriptor : narrowIndex(reader, root.descriptor, root.manifest, chosen);
}

/** The first image for each platform wanted. */
function chooseEach(location: string, root: VerifiedManifest, candidates: readonly Candidate[], wanted: readonly Platform[]): Candidate[] {
  // An artifact, or an image that does not say what it runs on, answers every wish.
  if (root.manifest.kind === 'image' && candidates.length === 0) return [];
  return wanted.map((platform) => {
    const found = candidates.find((candidate) => isPlatformMatch(candidate.platform, platform));
    if (found !== undefined) return found;
    const there = [...new Set(candidates.map((candidate) => formatPlatform(candidate.platform)))].slice(0, 30).join(', ');
    throw new RegistryError(
      'platform-missing',
      `Cannot find an image for ${formatPlatform(platform)} in "${location}": it has ${there || 'none'}`,
      {
        side: 'source',
        hint: there === '' ? undefined : 'Choose one of these with --platform.',
      },
    );
  });
}

interface Walk {
  readonly source: ImageSource;
  readonly reader: ManifestReader;
  readonly options: RequestOptions;
  /** What was looked into already: a list that names one thing a thousand times costs no more than one that names it once. */
  readonly visited: Set<string>;
}

/** Images at and below a manifest that say what they run on: by their descriptor, else by their config. */
async function* listImages(walk: Walk, { descriptor, manifest }: VerifiedManifest, depth: number): AsyncGenerator<Candidate> {
  const { source, reader, options, visited } = walk;
  if (depth > maxDepth) {
    throw new RegistryError('manifest-invalid', `Cannot copy "${source.location}": its manifests are nested more than ${maxDepth} deep`, {
      side: 'source',
    });
  }
  if (visited.has(descriptor.digest)) return;
  visited.add(descriptor.digest);
  if (manifest.kind === 'image') {
    const platform = isPlatformKnown(descriptor.platform) ? descriptor.platform : await readPlatform(source, manifest.config, options);
    if (platform !== undefined) yield { descriptor: bare(descriptor, platform), platform };
    return;
  }
  for (const child of manifest.manifests) {
    if (isPlatformKnown(child.platform) && !imageIndexTypes.has(child.mediaType)) yield { descriptor: child, platform: child.platform };
    else if (isManifestType(child.mediaType) && !isAttestation(child))
      yield* listImages(walk, await reader.read(child, options), depth + 1);
  }
}

async function readPlatform(source: ImageSource, config: Descriptor, { signal }: RequestOptions): Promise<Platform | undefined> {
  if (!isImageConfigType(config.mediaType)) return undefined;
  const bytes = await on('source', () =>
    readAll(verify(openSourceBlob(source, config).open({ signal }), config), maxImageConfigBytes, `config "${config.digest}"`),
  );
  return parseImageConfig(bytes).platform;
}

/** An index of the chosen images and their attestations; the old one, if that is all it has. */
function narrowIndex(reader: ManifestReader, old: Descriptor, index: ImageIndex, chosen: readonly Candidate[]): Descriptor {
  const digests = new Set<string>(chosen.map(({ descriptor }) => descriptor.digest));
  const attestations = index.manifests.filter((child) => isAttestation(child) && digests.has(child.annotations?.[attestedDigest] ?? ''));
  const unique = [...new Map(chosen.map(({ descriptor }) => [descriptor.digest, descriptor])).values()];
  const kept = new Set<string>([...unique, ...attestations].map(({ digest }) => digest));
  if (listChildren(index).every(({ digest }) => kept.has(digest))) return old;
  const { kind: _, ...rest } = index;
  const bytes = new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, ...rest, manifests: [...unique, ...attestations] }));
  const digest = parseDigest(`sha256:${digestHex('sha256', bytes)}`);
  const descriptor = { mediaType: index.mediaType, digest, size: bytes.byteLength };
  reader.add({ descriptor, bytes, manifest: { ...index, manifests: [...unique, ...attestations] } });
  return descriptor;
}

function isPlatformKnown(platform: Platform | undefined): platform is Platform {
  return platform !== undefined && platform.os !== '' && platform.architecture !== '' && platform.os !== 'unknown';
}

function isAttestation(descriptor: Descriptor): boolean {
  return descriptor.annotations?.[attestedDigest] !== undefined;
}

function bare({ mediaType, digest, size }: Descriptor, platform: Platform): Descriptor {
  return { mediaType, digest, size, platform };
}
