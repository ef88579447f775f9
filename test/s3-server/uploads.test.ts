import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { computeChecksum } from './checksums.ts';
import { outcomeOf, textsOf, type ClientAnswer } from './client.ts';
import { MIB, startFixture, type CompletedPart, type Fixture } from './fixture.ts';

const FIVE = Buffer.alloc(5 * MIB, 'five');

async function sendParts(fixture: Fixture, key: string, bodies: readonly (Buffer | string)[]): Promise<[string, CompletedPart[]]> {
  const uploadId = await fixture.begin(key);
  const parts: CompletedPart[] = [];
  for (const [index, body] of bodies.entries()) {
    const { headers } = await fixture.sendPart(key, uploadId, index + 1, body);
    parts.push({ number: index + 1, etag: headers['etag'] ?? '' });
  }
  return [uploadId, parts];
}

describe('Complete', () => {
  it('makes an object of the parts in order, with the headers of the beginning', async () => {
    const fixture = await startFixture();
    const uploadId = await fixture.begin('key', { 'content-type': 'text/plain', 'x-amz-meta-a': 'b' });
    const last = await fixture.sendPart('key', uploadId, 7, 'tail');
    const first = await fixture.sendPart('key', uploadId, 2, FIVE);
    const parts = [first, last].map(({ headers }, index) => ({ number: [2, 7][index] ?? 0, etag: headers['etag'] ?? '' }));
    const etagDigest = createHash('md5');
    for (const { etag } of parts) etagDigest.update(etag.slice(1, -1), 'hex');
    const etag = `"${etagDigest.digest('hex')}-2"`;
    expect(textsOf(await fixture.complete('key', uploadId, parts), 'ETag')).toEqual([etag]);
    const [object] = fixture.server.objects('pub');
    expect(object).toMatchObject({ etag, headers: { 'content-type': 'text/plain', 'x-amz-meta-a': 'b' } });
    expect(object?.bytes.equals(Buffer.concat([FIVE, Buffer.from('tail')]))).toBe(true);
    expect(fixture.server.uploads('pub')).toEqual([]);
  });

  it.each<[string, string, (parts: CompletedPart[]) => CompletedPart[]]>([
    ['out of order', '400 InvalidPartOrder', (parts) => parts.toReversed()],
    ['named twice', '400 InvalidPartOrder', ([part]) => [part!, part!]],
    ['that was never sent', '400 InvalidPart', ([part]) => [part!, { number: 9, etag: part!.etag }]],
    ['of another entity tag', '400 InvalidPart', ([part]) => [{ number: part!.number, etag: '"00"' }]],
    ['smaller than 5 MiB before the last', '400 EntityTooSmall', (parts) => parts.slice(1)],
    ['none', '400 MalformedXML', () => []],
    ['without a number', '400 InvalidArgument', ([part]) => [{ number: 0, etag: part!.etag }]],
  ])('refuses a part %s, and the upload goes on', async (_, expected, change) => {
    const fixture = await startFixture();
    const [uploadId, parts] = await sendParts(fixture, 'key', [FIVE, 'small', 'tail']);
    expect(outcomeOf(await fixture.complete('key', uploadId, change(parts)))).toBe(expected);
    expect(fixture.server.objects('pub')).toEqual([]);
    expect(outcomeOf(await fixture.complete('key', uploadId, parts.slice(0, 2)))).toBe('200');
  });

  it('refuses a size or a document that is another', async () => {
    const fixture = await startFixture();
    const [uploadId, parts] = await sendParts(fixture, 'key', ['x']);
    expect(outcomeOf(await fixture.complete('key', uploadId, parts, { 'x-amz-mp-object-size': '2' }))).toBe('400 InvalidRequest');
    const body = '<Other/>';
    expect(outcomeOf(await fixture.send({ method: 'POST', key: 'key', query: { uploadId }, body }))).toBe('400 MalformedXML');
    expect(outcomeOf(await fixture.complete('key', uploadId, parts, { 'x-amz-mp-object-size': '1' }))).toBe('200');
  });

  it('knows an upload by its key too', async () => {
    const fixture = await startFixture();
    const [uploadId, parts] = await sendParts(fixture, 'key', ['x']);
    expect(outcomeOf(await fixture.complete('other', uploadId, parts))).toBe('404 NoSuchUpload');
  });
});

describe('checksums of an upload', () => {
  const value = computeChecksum('SHA256', Buffer.from('x')).value;

  const sendPart = (fixture: Fixture, uploadId: string, headers: Record<string, string>): Promise<ClientAnswer> =>
    fixture.send({ method: 'PUT', key: 'key', query: { uploadId, partNumber: '1' }, body: 'x', headers });

  const completeWith = (fixture: Fixture, uploadId: string, checksum: string): Promise<ClientAnswer> => {
    const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>9dd4e461268c8034f5c8564e155c67a6</ETag>${checksum}</Part></CompleteMultipartUpload>`;
    return fixture.send({ method: 'POST', key: 'key', query: { uploadId }, body });
  };

  it('are listed by part, wanted at the end, and combined', async () => {
    const fixture = await startFixture();
    const uploadId = await fixture.begin('key', { 'x-amz-checksum-algorithm': 'SHA256' });
    expect((await sendPart(fixture, uploadId, { 'x-amz-checksum-sha256': value })).headers['x-amz-checksum-sha256']).toBe(value);
    const parts = await fixture.send({ method: 'GET', key: 'key', query: { uploadId } });
    expect([textsOf(parts, 'ChecksumAlgorithm'), textsOf(parts, 'ChecksumSHA256')]).toEqual([['SHA256'], [value]]);
    expect(outcomeOf(await completeWith(fixture, uploadId, ''))).toBe('400 InvalidRequest');
    expect(outcomeOf(await completeWith(fixture, uploadId, '<ChecksumSHA256>AA==</ChecksumSHA256>'))).toBe('400 InvalidPart');
    expect(outcomeOf(await completeWith(fixture, uploadId, `<ChecksumSHA256>${value}</ChecksumSHA256>`))).toBe('200');
    const combined = computeChecksum('SHA256', Buffer.from(value, 'base64')).value;
    const { headers } = await fixture.get('key', { 'x-amz-checksum-mode': 'ENABLED' });
    expect([headers['x-amz-checksum-sha256'], headers['x-amz-checksum-type']]).toEqual([`${combined}-1`, 'COMPOSITE']);
  });

  it('of the whole object need none of the parts at the end', async () => {
    const fixture = await startFixture();
    const uploadId = await fixture.begin('key', { 'x-amz-checksum-algorithm': 'CRC64NVME' });
    const crc = computeChecksum('CRC64NVME', Buffer.from('x')).value;
    await sendPart(fixture, uploadId, { 'x-amz-checksum-crc64nvme': crc });
    expect(textsOf(await completeWith(fixture, uploadId, ''), 'ChecksumCRC64NVME')).toEqual([crc]);
  });

  it.each<[string, Record<string, string>, Record<string, string>]>([
    ['missing', { 'x-amz-checksum-algorithm': 'SHA256' }, {}],
    ['not asked for', {}, { 'x-amz-checksum-sha256': value }],
    ['of another kind', { 'x-amz-checksum-algorithm': 'CRC32' }, { 'x-amz-checksum-sha256': value }],
  ])('are refused where they are %s', async (_, begun, sent) => {
    const fixture = await startFixture();
    const uploadId = await fixture.begin('key', begun);
    expect(outcomeOf(await sendPart(fixture, uploadId, sent))).toBe('400 InvalidRequest');
  });

  it.each([
    ['SHA256', 'FULL_OBJECT'],
    ['CRC64NVME', 'COMPOSITE'],
    ['MD5', 'COMPOSITE'],
  ])('cannot be %s and %s', async (algorithm, type) => {
    const fixture = await startFixture();
    const headers = { 'x-amz-checksum-algorithm': algorithm, 'x-amz-checksum-type': type };
    expect(outcomeOf(await fixture.send({ method: 'POST', key: 'key', query: { uploads: '' }, headers }))).toBe('400 InvalidRequest');
  });
});

describe('UploadPartCopy', () => {
  it.each([
    ['bytes=1-5242880', '200'],
    ['bytes=0-5242881', '400 InvalidArgument'],
    ['bytes=5-', '400 InvalidArgument'],
  ])('of %s of 5 MiB + 1 bytes: %s', async (range, expected) => {
    const fixture = await startFixture();
    fixture.server.writeObject('pub', 'large', Buffer.concat([FIVE, Buffer.from('x')]));
    const uploadId = await fixture.begin('key');
    const headers = { 'x-amz-copy-source': '/pub/large', 'x-amz-copy-source-range': range };
    expect(outcomeOf(await fixture.send({ method: 'PUT', key: 'key', query: { uploadId, partNumber: '1' }, headers }))).toBe(expected);
  });

  it('takes no range of an object of 5 MiB or less', async () => {
    const fixture = await startFixture();
    fixture.server.writeObject('pub', 'small', FIVE);
    const uploadId = await fixture.begin('key');
    const headers = { 'x-amz-copy-source': '/pub/small', 'x-amz-copy-source-range': 'bytes=0-9' };
    const answer = await fixture.send({ method: 'PUT', key: 'key', query: { uploadId, partNumber: '1' }, headers });
    expect(outcomeOf(answer)).toBe('400 InvalidRequest');
  });
});

describe('ListMultipartUploads', () => {
  it('goes by key, then by time, in pages', async () => {
    const fixture = await startFixture();
    const ids: string[] = [];
    for (const key of ['b', 'a/1', 'b', 'a/2']) ids.push(await fixture.begin(key));
    const list = (query: Record<string, string>): Promise<ClientAnswer> =>
      fixture.send({ method: 'GET', query: { uploads: '', ...query } });
    const found: string[] = [];
    let query: Record<string, string> | undefined = {};
    while (query) {
      const page: ClientAnswer = await list({ 'max-uploads': '1', ...query });
      found.push(...textsOf(page, 'UploadId'));
      const [key, id] = [textsOf(page, 'NextKeyMarker')[0], textsOf(page, 'NextUploadIdMarker')[0]];
      query = key === undefined || id === undefined ? undefined : { 'key-marker': key, 'upload-id-marker': id };
    }
    expect(found).toEqual([ids[1], ids[3], ids[0], ids[2]]);
    expect(textsOf(await list({ prefix: 'a' }), 'Key')).toEqual(['a/1', 'a/2']);
    expect(textsOf(await list({ delimiter: '/' }), 'Prefix').filter(Boolean)).toEqual(['a/']);
    expect(textsOf(await list({ 'key-marker': 'a/2' }), 'UploadId')).toEqual([ids[0], ids[2]]);
  });
});

describe('a part number', () => {
  it.each(['0', '10001', '-1', 'x', ''])('cannot be "%s"', async (partNumber) => {
    const fixture = await startFixture();
    const uploadId = await fixture.begin('key');
    expect(outcomeOf(await fixture.send({ method: 'PUT', key: 'key', query: { uploadId, partNumber }, body: 'x' }))).toBe(
      '400 InvalidArgument',
    );
  });
});
