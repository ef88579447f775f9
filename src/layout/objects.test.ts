import { describe, expect, it } from 'vitest';
import { parseDigest } from '../oci/digest.ts';
import { parseManifest } from '../oci/manifest.ts';
import { blobHeaders, documentHeaders, manifestHeaders, referrersHeaders, stagingHeaders, tagHeaders } from './objects.ts';
import { emptyReferrersIndex } from './referrers-index.ts';

const digest = parseDigest(`sha256:${'ab'.repeat(32)}`);
const metadata = { 'docker-content-digest': digest };
const immutable = 'public, max-age=31536000, immutable, no-transform';
const index = 'application/vnd.oci.image.index.v1+json';

describe('headers', () => {
  it('of what is named by its digest never change, and say the digest', () => {
    expect(blobHeaders(digest)).toEqual({ contentType: 'application/octet-stream', cacheControl: immutable, metadata });
    expect(manifestHeaders(parseManifest(emptyReferrersIndex), digest)).toEqual({ contentType: index, cacheControl: immutable, metadata });
  });

  it('of a manifest have the media type of its bytes', () => {
    const manifest = parseManifest(
      new TextEncoder().encode(
        `{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.list.v2+json","manifests":[]}`,
      ),
    );
    expect(tagHeaders(manifest, digest).contentType).toBe('application/vnd.docker.distribution.manifest.list.v2+json');
  });

  it('of tags, lists and documents are asked for again each time', () => {
    expect(tagHeaders(parseManifest(emptyReferrersIndex), digest)).toEqual({ contentType: index, cacheControl: 'no-cache', metadata });
    expect(referrersHeaders(digest)).toEqual({ contentType: index, cacheControl: 'no-cache', metadata });
    expect(documentHeaders()).toEqual({ contentType: 'application/json', cacheControl: 'no-cache' });
  });

  it('of staged blobs keep them out of every cache', () => {
    expect(stagingHeaders()).toEqual({ contentType: 'application/octet-stream', cacheControl: 'no-store' });
  });
});
