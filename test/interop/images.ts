import { gzipSync, zstdCompressSync } from 'node:zlib';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { buildElfProgram } from '../../src/cli/demo/elf-program.ts';
import { machines } from '../../src/cli/demo/machine-code.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { listChildren, parseManifest } from '../../src/oci/manifest.ts';
import { isManifestType, mediaTypes } from '../../src/oci/media-types.ts';
import { digestHex } from '../../src/streams/hasher.ts';
import { addBlob, addManifest, createGraph } from '../images/build-image.ts';
import type { Graph } from '../images/build-image.ts';

/** What the images of the matrix differ in; each name is also the tag that it is pushed under. */
export const IMAGE_NAMES = ['index', 'pinned', 'attested', 'single', 'docker', 'docker-list', 'uncompressed', 'zstd', 'artifact'] as const;
export type ImageName = (typeof IMAGE_NAMES)[number];

/** One image to be pushed, and what must come out of it. */
export interface TestImage {
  readonly name: ImageName;
  readonly graph: Graph;
  readonly root: Descriptor;
  /** All that a whole copy consists of, the root first. */
  readonly digests: readonly string[];
  /** What its program prints; of no meaning for the artifact. */
  readonly output: string;
}

/** What the artifact's only file holds; its title is {@link ARTIFACT_TITLE}. */
export const ARTIFACT_TEXT = 'an artifact that refers to the image "single"\n';
export const ARTIFACT_TITLE = 'note.txt';
const ARTIFACT_TYPE = 'application/vnd.example.note';

type Architecture = keyof typeof machines;
type Encoding = 'gzip' | 'uncompressed' | 'zstd';

/** The media types of a family of manifests. */
interface Family {
  readonly manifest: string;
  readonly index: string;
  readonly config: string;
  readonly layers: Readonly<Record<Encoding, string>>;
}

const OCI: Family = {
  manifest: mediaTypes.imageManifest,
  index: mediaTypes.imageIndex,
  config: mediaTypes.imageConfig,
  layers: { gzip: mediaTypes.layerGzip, uncompressed: mediaTypes.layer, zstd: mediaTypes.layerZstd },
};
const DOCKER: Family = {
  manifest: mediaTypes.dockerManifest,
  index: mediaTypes.dockerManifestList,
  config: mediaTypes.dockerConfig,
  layers: { ...OCI.layers, gzip: mediaTypes.dockerLayerGzip, uncompressed: mediaTypes.dockerLayer },
};

/** Makes the images of one place. Each holds other bytes than those of every other place and name, so that no client can answer from what it pulled before. */
export async function buildImages(place: string): Promise<Readonly<Record<ImageName, TestImage>>> {
  const graph = createGraph();
  const outputOf = (name: ImageName): string => `${place} says moo: ${name}\n`;
  const image = (name: ImageName, family = OCI, encoding: Encoding = 'gzip', architecture: Architecture = 'amd64'): Promise<Descriptor> =>
    addProgram(graph, outputOf(name), family, encoding, architecture);
  const index = async (name: ImageName, family = OCI): Promise<Descriptor[]> => [
    { ...(await image(name, family, 'gzip', 'amd64')), platform: { os: 'linux', architecture: 'amd64' } },
    { ...(await image(name, family, 'gzip', 'arm64')), platform: { os: 'linux', architecture: 'arm64' } },
  ];
  const attested = await index('attested');
  const single = await image('single');
  const roots: Record<ImageName, Descriptor> = {
    index: addManifest(graph, OCI.index, { manifests: await index('index') }),
    pinned: addManifest(graph, OCI.index, { manifests: await index('pinned') }),
    attested: addManifest(graph, OCI.index, { manifests: [...attested, ...attested.map((one) => addAttestation(graph, one))] }),
    single,
    docker: await image('docker', DOCKER),
    'docker-list': addManifest(graph, DOCKER.index, { manifests: await index('docker-list', DOCKER) }),
    uncompressed: await image('uncompressed', OCI, 'uncompressed'),
    zstd: await image('zstd', OCI, 'zstd'),
    artifact: addArtifact(graph, single),
  };
  const images = IMAGE_NAMES.map((name) => ({
    name,
    graph,
    root: roots[name],
    digests: listDigests(graph, roots[name]),
    output: outputOf(name),
  }));
  return Object.fromEntries(images.map((one) => [one.name, one])) as Record<ImageName, TestImage>;
}

async function addProgram(
  graph: Graph,
  output: string,
  family: Family,
  encoding: Encoding,
  architecture: Architecture,
): Promise<Descriptor> {
  const tar = await packProgram(buildElfProgram(machines[architecture], output));
  const config = addBlob(
    graph,
    family.config,
    JSON.stringify({
      os: 'linux',
      architecture,
      config: { Entrypoint: ['/moo'] },
      rootfs: { type: 'layers', diff_ids: [`sha256:${digestHex('sha256', tar)}`] },
      history: [{ created_by: 'test' }],
    }),
  );
  return addManifest(graph, family.manifest, { config, layers: [addBlob(graph, family.layers[encoding], encode(tar, encoding))] });
}

function encode(tar: Uint8Array, encoding: Encoding): Uint8Array {
  switch (encoding) {
    case 'gzip':
      return gzipSync(tar);
    case 'zstd':
      return zstdCompressSync(tar);
    case 'uncompressed':
      return tar;
  }
  return encoding satisfies never;
}

async function packProgram(program: Uint8Array): Promise<Uint8Array> {
  const tar = pack();
  tar.entry({ name: 'moo', mode: 0o755, mtime: new Date(0) }, Buffer.from(program));
  tar.finalize();
  return buffer(tar);
}

/** What buildx adds beside an image: in-toto statements as the layers of an image of an unknown platform. */
function addAttestation(graph: Graph, image: Descriptor): Descriptor {
  const statement = addBlob(
    graph,
    'application/vnd.in-toto+json',
    `{"_type":"https://in-toto.io/Statement/v0.1","about":"${image.digest}"}`,
  );
  const config = { os: 'unknown', architecture: 'unknown', config: {}, rootfs: { type: 'layers', diff_ids: [statement.digest] } };
  const manifest = addManifest(graph, OCI.manifest, {
    config: addBlob(graph, OCI.config, JSON.stringify(config)),
    layers: [{ ...statement, annotations: { 'in-toto.io/predicate-type': 'https://slsa.dev/provenance/v0.2' } }],
  });
  return {
    ...manifest,
    platform: { os: 'unknown', architecture: 'unknown' },
    annotations: { 'vnd.docker.reference.type': 'attestation-manifest', 'vnd.docker.reference.digest': image.digest },
  };
}

function addArtifact(graph: Graph, subject: Descriptor): Descriptor {
  return addManifest(graph, OCI.manifest, {
    artifactType: ARTIFACT_TYPE,
    config: addBlob(graph, mediaTypes.emptyJson, '{}'),
    layers: [{ ...addBlob(graph, 'text/plain', ARTIFACT_TEXT), annotations: { 'org.opencontainers.image.title': ARTIFACT_TITLE } }],
    subject,
  });
}

function listDigests(graph: Graph, root: Descriptor): readonly string[] {
  const bytes = graph.manifests.get(root.digest);
  if (bytes === undefined || !isManifestType(root.mediaType)) return [root.digest];
  const children = listChildren(parseManifest(bytes, root.mediaType));
  return [...new Set([root.digest, ...children.flatMap((child) => listDigests(graph, child))])];
}
