import type { Descriptor } from '../../src/oci/descriptor.ts';
import type { DigestAlgorithm } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-types.ts';
import { parsePlatform } from '../../src/oci/platform.ts';
import { digestHex } from '../../src/streams/hasher.ts';
import { createGraph, describeBytes, type Graph } from '../images/build-image.ts';
import { packFile, storeGzip } from './stored-layer.ts';

/** One push of the golden bucket. */
export interface Fixture {
  /** `NAME:TAG`. */
  readonly reference: string;
  readonly graph: Graph;
  readonly root: Descriptor;
}

interface ImageTypes {
  readonly manifest: string;
  readonly config: string;
  readonly layer: string;
}

const ociTypes: ImageTypes = { manifest: mediaTypes.imageManifest, config: mediaTypes.imageConfig, layer: mediaTypes.layerGzip };
const dockerTypes: ImageTypes = { manifest: mediaTypes.dockerManifest, config: mediaTypes.dockerConfig, layer: mediaTypes.dockerLayerGzip };

/** The images of the golden bucket, in the order in which they are pushed. Their bytes never change: they are what others prove their implementation with. */
export function createFixtures(): readonly Fixture[] {
  return [
    createFixture('golden/single:1.0', (graph) => addImage(graph, 'linux/amd64', ['hello', 'world'])),
    createFixture('golden/single:latest', (graph) => addImage(graph, 'linux/amd64', ['hello', 'world'])),
    createFixture('golden/multi:1.0', addAttestedIndex),
    createFixture('golden/docker:image', (graph) => addImage(graph, 'linux/amd64', ['hello'], dockerTypes)),
    createFixture('golden/docker:list', addDockerList),
    createFixture('golden/artifact:1.0', addImageWithReferrers),
    createFixture('golden/sha512:1.0', addSha512Image),
  ];
}

function createFixture(reference: string, build: (graph: Graph) => Descriptor): Fixture {
  const graph = createGraph();
  return { reference, graph, root: build(graph) };
}

function addBlob(graph: Graph, mediaType: string, content: Uint8Array | object, algorithm: DigestAlgorithm = 'sha256'): Descriptor {
  const bytes = content instanceof Uint8Array ? content : new TextEncoder().encode(JSON.stringify(content));
  const descriptor = describeBytes(mediaType, bytes, algorithm);
  graph.blobs.set(descriptor.digest, bytes);
  return descriptor;
}

function addManifest(graph: Graph, mediaType: string, body: object, algorithm: DigestAlgorithm = 'sha256'): Descriptor {
  const bytes = new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, mediaType, ...body }, undefined, 2));
  const descriptor = describeBytes(mediaType, bytes, algorithm);
  graph.manifests.set(descriptor.digest, bytes);
  return descriptor;
}

function addImage(
  graph: Graph,
  platform: string,
  texts: readonly string[],
  types: ImageTypes = ociTypes,
  algorithm: DigestAlgorithm = 'sha256',
): Descriptor {
  const tars = texts.map((text) => packFile(`${text}.txt`, `${text}\n`));
  const { os, architecture } = parsePlatform(platform);
  const config = {
    architecture,
    os,
    config: { Cmd: ['/hello'] },
    rootfs: { type: 'layers', diff_ids: tars.map((tar) => `sha256:${digestHex('sha256', tar)}`) },
  };
  return addManifest(
    graph,
    types.manifest,
    {
      config: addBlob(graph, types.config, config, algorithm),
      layers: tars.map((tar) => addBlob(graph, types.layer, storeGzip(tar), algorithm)),
    },
    algorithm,
  );
}

/** Two platforms that share a layer, and for each an attestation as BuildKit writes it: an image of an unknown platform. */
function addAttestedIndex(graph: Graph): Descriptor {
  const images = ['linux/amd64', 'linux/arm64'].map((name) => ({
    ...addImage(graph, name, ['shared', name.replace('/', '-')]),
    platform: parsePlatform(name),
  }));
  const attestations = images.map(({ digest }) => {
    const statement = addBlob(graph, 'application/vnd.in-toto+json', {
      _type: 'https://in-toto.io/Statement/v0.1',
      predicateType: 'https://slsa.dev/provenance/v0.2',
      subject: [{ name: 'golden', digest: { sha256: digest.slice('sha256:'.length) } }],
    });
    const config = { architecture: 'unknown', os: 'unknown', config: {}, rootfs: { type: 'layers', diff_ids: [statement.digest] } };
    return {
      ...addManifest(graph, mediaTypes.imageManifest, {
        config: addBlob(graph, mediaTypes.imageConfig, config),
        layers: [{ ...statement, annotations: { 'in-toto.io/predicate-type': 'https://slsa.dev/provenance/v0.2' } }],
      }),
      annotations: { 'vnd.docker.reference.digest': digest, 'vnd.docker.reference.type': 'attestation-manifest' },
      platform: { architecture: 'unknown', os: 'unknown' },
    };
  });
  return addManifest(graph, mediaTypes.imageIndex, { manifests: [...images, ...attestations] });
}

function addDockerList(graph: Graph): Descriptor {
  const manifests = ['linux/amd64', 'linux/arm64'].map((name) => ({
    ...addImage(graph, name, ['hello'], dockerTypes),
    platform: parsePlatform(name),
  }));
  return addManifest(graph, mediaTypes.dockerManifestList, { manifests });
}

/** A signature with a config that says its type, an SBOM with an artifact type, and an index: all refer to the image. */
function addImageWithReferrers(graph: Graph): Descriptor {
  const subject = addImage(graph, 'linux/amd64', ['hello']);
  const empty = addBlob(graph, mediaTypes.emptyJson, new TextEncoder().encode('{}'));
  const signature = addManifest(graph, mediaTypes.imageManifest, {
    config: addBlob(graph, 'application/vnd.example.signature.v1+json', { signs: subject.digest }),
    layers: [empty],
    subject,
  });
  const sbom = addManifest(graph, mediaTypes.imageManifest, {
    artifactType: 'application/spdx+json',
    config: empty,
    layers: [addBlob(graph, 'application/spdx+json', { spdxVersion: 'SPDX-2.3', name: 'golden' })],
    subject,
    annotations: { 'org.opencontainers.image.created': '1970-01-01T00:00:00Z', 10: 'ten', 9: 'nine', note: 'naïve "quotes" and \u2028' },
  });
  const bundle = addManifest(graph, mediaTypes.imageIndex, { manifests: [], subject });
  graph.referrers.set(subject.digest, [signature, sbom, bundle]);
  return subject;
}

/** Everything by sha512, and an artifact that refers to it: its fallback tag is cut. */
function addSha512Image(graph: Graph): Descriptor {
  const subject = addImage(graph, 'linux/amd64', ['hello'], ociTypes, 'sha512');
  const empty = addBlob(graph, mediaTypes.emptyJson, new TextEncoder().encode('{}'));
  const note = addManifest(graph, mediaTypes.imageManifest, { artifactType: 'text/plain', config: empty, layers: [empty], subject });
  graph.referrers.set(subject.digest, [note]);
  return subject;
}
