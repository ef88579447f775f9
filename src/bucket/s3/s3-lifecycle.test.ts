import { describe, expect, it } from 'vitest';
import { createFetchHttpClient } from '../../http/fetch-http-client.ts';
import { systemClock } from '../../streams/clock.ts';
import type { BucketAdmin } from '../bucket-admin.ts';
import { openS3Admin } from './s3-admin.ts';

/** The settings of a bucket whose store answers every request so. */
function openAnswering(document: string, status = 200): BucketAdmin {
  const http = createFetchHttpClient({ fetch: async () => new Response(document, { status }) });
  return openS3Admin({ bucket: 'images', region: 'us-east-1', http, clock: systemClock });
}

const rule = (content: string, status = 'Enabled'): string =>
  `<LifecycleConfiguration><Rule><ID>r</ID><Status>${status}</Status>${content}</Rule></LifecycleConfiguration>`;

describe('lifecycle rules', () => {
  it.each([
    ['<Prefix>old/</Prefix><Expiration><Days>1</Days></Expiration>', { prefix: 'old/', removesObjects: true }],
    [
      '<Filter><Prefix>v2/</Prefix></Filter><Expiration><Date>2030-01-01T00:00:00Z</Date></Expiration>',
      { prefix: 'v2/', removesObjects: true },
    ],
    [
      '<Filter><And><Prefix>a/</Prefix><Tag/></And></Filter><Expiration><Days>1</Days></Expiration>',
      { prefix: 'a/', removesObjects: true },
    ],
    ['<Filter/><Transition><Days>1</Days><StorageClass>DEEP_ARCHIVE</StorageClass></Transition>', { prefix: '', removesObjects: true }],
    ['<Filter/><Transition><Days>1</Days><StorageClass>STANDARD_IA</StorageClass></Transition>', { removesObjects: false }],
    ['<Filter/><Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>', { removesObjects: false }],
    ['<Filter/><NoncurrentVersionExpiration/>', { removesObjects: false, removesVersions: true, abortsUploads: false }],
    ['<Filter/><AbortIncompleteMultipartUpload/>', { removesObjects: false, removesVersions: false, abortsUploads: true }],
  ])('are read: %s', async (content, expected) => {
    expect(await openAnswering(rule(content)).getLifecycleRules?.()).toEqual([expect.objectContaining({ id: 'r', ...expected })]);
  });

  it('that are turned off are left out', async () => {
    expect(await openAnswering(rule('<Filter/><Expiration><Days>1</Days></Expiration>', 'Disabled')).getLifecycleRules?.()).toEqual([]);
  });

  it('are none where none were ever set', async () => {
    expect(await openAnswering('<Error><Code>NoSuchLifecycleConfiguration</Code></Error>', 404).getLifecycleRules?.()).toEqual([]);
  });
});

it.each([
  ['<VersioningConfiguration/>', false],
  ['<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>', false],
  ['<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>', true],
])('versioning is read: %s', async (document, expected) => {
  expect(await openAnswering(document).keepsVersions?.()).toBe(expected);
});
