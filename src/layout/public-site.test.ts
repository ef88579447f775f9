import { expect, it } from 'vitest';
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName, Tag } from '../oci/repository-name.ts';
import { formatKey, type KeySpec } from './keys.ts';
import { blobHeaders, documentHeaders, manifestHeaders, tagHeaders } from './objects.ts';
import { publicSite } from './public-site.ts';

const digest = `sha256:${'a'.repeat(64)}` as Digest;
const name = 'team/app' as RepositoryName;
const manifest = { mediaType: 'application/vnd.oci.image.index.v1+json' } as const;

const objects: readonly [KeySpec, ReturnType<typeof blobHeaders>][] = [
  [{ kind: 'blob', name, digest }, blobHeaders(digest)],
  [{ kind: 'manifest', name, digest }, manifestHeaders(manifest, digest)],
  [{ kind: 'tag', name, tag: '1.0' as Tag }, tagHeaders(manifest, digest)],
  [{ kind: 'tag-list', name }, documentHeaders()],
  [{ kind: 'catalog' }, documentHeaders()],
];

it.each(objects)('a file server caches %j as a store says', (spec, headers) => {
  const immutable = new RegExp(publicSite.immutablePaths).test(`/${formatKey(spec)}`);
  expect(immutable ? publicSite.immutableCacheControl : publicSite.cacheControl).toBe(headers.cacheControl);
});

it('a file server knows every content type but that of blobs', () => {
  for (const [, { contentType }] of objects.slice(1)) expect(publicSite.contentTypes).toContain(contentType);
});
