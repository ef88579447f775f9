import { parseCatalog } from '../../src/layout/catalog.ts';
import { parseCollectionState } from '../../src/layout/collection-state.ts';
import { parseBucketFormat } from '../../src/layout/format-version.ts';
import { parsePackedBlob } from '../../src/layout/pack-recipe.ts';
import { parseKey } from '../../src/layout/parse-key.ts';
import { parseReferrersIndex } from '../../src/layout/referrers-index.ts';
import { parseTagList } from '../../src/layout/tag-list.ts';
import { parseDigest } from '../../src/oci/digest.ts';
import { parseImageConfig } from '../../src/oci/image-config.ts';
import { parseManifest } from '../../src/oci/manifest.ts';
import { mediaTypes } from '../../src/oci/media-types.ts';
import { parsePlatform } from '../../src/oci/platform.ts';
import { parseRegistryReference } from '../../src/oci/reference.ts';
import { parseRepositoryName, parseTag } from '../../src/oci/repository-name.ts';
import { parseJournal } from '../../src/registry/journal-lines.ts';
import { parseDockerManifest } from '../../src/transports/docker-manifest.ts';
import { addToIndex, checkLayoutFile, chooseFromIndex, parseLayoutIndex } from '../../src/transports/layout-index.ts';
import { parsePlace } from '../../src/transports/place.ts';
import { bytesTarget, type FuzzTarget } from './fuzz-target.ts';

const digest = `sha256:${'0a'.repeat(32)}`;
const layer = { mediaType: mediaTypes.layerGzip, digest, size: 12, annotations: { a: 'b' }, urls: ['https://a.test/'] };
const config = { mediaType: mediaTypes.imageConfig, digest, size: 2 };
const child = { mediaType: mediaTypes.imageManifest, digest, size: 7, platform: { os: 'linux', architecture: 'arm', variant: 'v7' } };
const manifest = { schemaVersion: 2, mediaType: mediaTypes.imageManifest, config, layers: [layer], subject: child, artifactType: 'a/b' };
const index = { schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests: [child], annotations: { a: 'b' } };
const imageConfig = { os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [digest] }, config: { Cmd: ['a'] } };

const content: readonly FuzzTarget[] = [
  bytesTarget('a manifest', [manifest, { ...manifest, mediaType: mediaTypes.dockerManifest }], parseManifest),
  bytesTarget('an index', [index, { schemaVersion: 2, manifests: null }], parseManifest),
  bytesTarget('an image config', [imageConfig], parseImageConfig),
  bytesTarget('an index of referrers', [index], parseReferrersIndex),
  bytesTarget('the index of a layout', [index], (bytes) => chooseFromIndex(parseLayoutIndex(bytes), undefined, 'oci:image')),
  bytesTarget('the index of a layout that gets an image', [index], (bytes) =>
    addToIndex(bytes, { ...child, digest: parseDigest(digest) }, { a: 'b' }),
  ),
  bytesTarget('an oci-layout', [{ imageLayoutVersion: '1.0.0' }], (bytes) => checkLayoutFile(bytes, 'oci:image')),
  bytesTarget('a manifest.json', [[{ Config: 'a.json', RepoTags: ['a:1'], Layers: ['a/layer.tar'] }]], parseDockerManifest),
];

const documents: readonly FuzzTarget[] = [
  bytesTarget(
    'the state of collection',
    [{ generation: 3 }, { generation: 3, running: { durationMs: 60_000, condemned: [digest] } }],
    parseCollectionState,
  ),
  bytesTarget(
    'the format of a bucket',
    [{ version: 1, store: { conditionalPut: 'atomic', maxPutBytes: 7 }, publicUrl: 'https://a.test', catalog: true }],
    parseBucketFormat,
  ),
  bytesTarget('a tag list', [{ name: 'team/app', tags: ['1.0', 'latest'] }], parseTagList),
  bytesTarget('a catalog', [{ repositories: ['team/app'] }], parseCatalog),
  bytesTarget('a pack recipe', [{ digest, size: 7 }], parsePackedBlob),
  {
    name: 'a journal of uploads',
    examples: [
      `{"location":"s3://a","key":"v2/app/blobs/${digest}","uploadId":"u"}\n{"part":3,"etag":"\\"e\\"","sha256":"${'0a'.repeat(32)}"}\n`,
    ],
    parse: parseJournal,
  },
  {
    name: 'a key',
    examples: [
      `v2/team/app/blobs/${digest}`,
      'v2/team/app/manifests/1.0',
      'v2/a/tags/list',
      '_bucketry/repositories/a/_collection',
      `_bucketry/staging/${'0'.repeat(32)}`,
    ],
    parse: parseKey,
  },
];

const names: readonly FuzzTarget[] = [
  { name: 'a digest', examples: [digest, `sha512:${'0a'.repeat(64)}`], parse: parseDigest },
  { name: 'a repository name', examples: ['team/app', 'a__b/c.d--e'], parse: parseRepositoryName },
  { name: 'a tag', examples: ['1.0', 'v2.3-alpine'], parse: parseTag },
  { name: 'a platform', examples: ['linux/amd64', 'linux/arm/v7', 'arm64'], parse: parsePlatform },
  {
    name: 'a reference',
    examples: ['alpine:3.20', `ghcr.io/org/app@${digest}`, 'localhost:5000/app:1.0', '[::1]:5000/app'],
    parse: parseRegistryReference,
  },
  {
    name: 'a place',
    examples: [
      's3://bucket/team/app:1.0?region=eu&endpoint=http://a.test',
      'file:./dir//team/app:1.0',
      'https://a.test/app',
      'oci:dir:name',
      'docker://alpine',
      'r2://bucket/a',
    ],
    parse: parsePlace,
  },
];

/** Images, documents of the bucket, and names. */
export const imageTargets: readonly FuzzTarget[] = [...content, ...documents, ...names];
