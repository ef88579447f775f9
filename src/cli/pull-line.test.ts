import { describe, expect, it } from 'vitest';
import { findPullLine } from './pull-line.ts';

const image = 'team/app:1.0';

describe('findPullLine', () => {
  it("names the recorded public URL's host before all else", () => {
    const s3 = { bucket: 'my-bucket', region: 'eu-central-1' };
    expect(findPullLine({ bucket: 's3://my-bucket', publicUrl: 'https://images.example.com:8443', s3, image })).toEqual({
      command: 'docker pull images.example.com:8443/team/app:1.0',
    });
  });

  it("names AWS's virtual host of a bucket", () => {
    expect(findPullLine({ bucket: 's3://my-bucket', s3: { bucket: 'my-bucket', region: 'eu-central-1' }, image })).toEqual({
      command: 'docker pull my-bucket.s3.eu-central-1.amazonaws.com/team/app:1.0',
    });
  });

  it('believes the store on the region of its bucket', () => {
    const storeUrl = new URL('https://my-bucket.s3.eu-central-1.amazonaws.com/v2/?X-Amz-Signature=1');
    expect(findPullLine({ bucket: 's3://my-bucket', s3: { bucket: 'my-bucket', region: 'us-east-1' }, storeUrl, image })).toEqual({
      command: 'docker pull my-bucket.s3.eu-central-1.amazonaws.com/team/app:1.0',
    });
  });

  it.each([
    ['a directory', undefined],
    ['another store', { bucket: 'my-bucket', region: 'x', endpoint: 'https://store.example' }],
    ['a bucket whose name no wildcard certificate covers', { bucket: 'my.bucket', region: 'eu-central-1' }],
  ])('names the server to start for %s', (_what, s3) => {
    expect(findPullLine({ bucket: 'file:./b', s3, image })).toEqual({
      command: 'docker pull 127.0.0.1:5000/team/app:1.0',
      serve: 'bucketry serve file:./b --static --listen 127.0.0.1:5000',
    });
  });

  it('names a bucket so that a shell takes it', () => {
    const bucket = 's3://my-bucket?endpoint=http%3A%2F%2Fminio&region=x';
    expect(findPullLine({ bucket, image }).serve).toBe(`bucketry serve '${bucket}' --static --listen 127.0.0.1:5000`);
  });
});
