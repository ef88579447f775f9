import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Descriptor } from '../oci/descriptor.ts';
import { parseDigest } from '../oci/digest.ts';
import { digestHex } from '../streams/hasher.ts';
import { clientProfiles } from './client-profiles.ts';
import { decodeBody } from './decode-body.ts';
import { judgeAnswer } from './judge-answer.ts';
import type { SiteAnswer } from './site-answer.ts';

const bytes = new TextEncoder().encode('a layer, as it is');
const layer: Descriptor = {
  mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
  digest: parseDigest(`sha256:${digestHex('sha256', bytes)}`),
  size: bytes.byteLength,
};
const [client] = clientProfiles;

function answer(changes: Partial<SiteAnswer>): SiteAnswer {
  return { status: 200, headers: {}, urls: [new URL('http://host/v2/app/blobs/x')], body: bytes, isWhole: true, ...changes };
}

const judgeLayer = async (changes: Partial<SiteAnswer>, expected = layer): Promise<string | undefined> =>
  (await judgeAnswer({ ask: 'layer', goesOnAfter: [200] }, answer(changes), expected, client!))?.id;

describe('a layer', () => {
  it('is right where its bytes are, or what clients make of them', async () => {
    expect(await judgeLayer({})).toBeUndefined();
    expect(await judgeLayer({ body: new Uint8Array(gzipSync(bytes)), headers: { 'content-encoding': 'gzip' } })).toBeUndefined();
  });

  it('that was cut off has another size, and one that was changed another digest', async () => {
    expect(await judgeLayer({ body: bytes.slice(1) })).toBe('size-wrong');
    expect(await judgeLayer({ body: bytes.toReversed() })).toBe('digest-wrong');
  });

  it('breaks of an encoding that clients undo, or cannot undo', async () => {
    expect(await judgeLayer({ headers: { 'content-encoding': 'gzip' } })).toBe('encoding-breaks');
    expect(await judgeLayer({ headers: { 'content-encoding': 'br' } })).toBe('encoding-breaks');
  });

  it('that is too large to be read is judged by its length', async () => {
    const large = { ...layer, size: 10_000_000 };
    const judge = (headers: SiteAnswer['headers']): Promise<string | undefined> => judgeLayer({ isWhole: false, headers }, large);
    expect(await judge({ 'content-length': '10000000' })).toBeUndefined();
    expect(await judge({})).toBeUndefined();
    expect(await judge({ 'content-length': '9999999' })).toBe('size-wrong');
    expect(await judge({ 'content-length': '10000000', 'content-encoding': 'gzip' })).toBe('encoding-breaks');
    expect(await judge({ 'content-encoding': 'gzip' })).toBeUndefined();
  });

  it.each([
    [401, 'login-wanted'],
    [403, 'blob-missing'],
    [404, 'blob-missing'],
    [429, 'rate-limited'],
    [503, 'host-failing'],
  ])('that answers %i is %s', async (status, id) => {
    expect(await judgeLayer({ status })).toBe(id);
  });
});

describe('decodeBody', () => {
  it('unpacks no more than it may', async () => {
    const bomb = answer({ body: new Uint8Array(gzipSync(new Uint8Array(1_000_000))), headers: { 'content-encoding': 'gzip' } });
    expect(await decodeBody(bomb, 999_999)).toBeUndefined();
    expect((await decodeBody(bomb, 1_000_000))?.byteLength).toBe(1_000_000);
  });
});
