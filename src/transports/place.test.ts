import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf, parseOrCode } from '../../test/coded-errors.ts';
import { formatPlace, parsePlace } from './place.ts';

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
const s3 = (bucket: string, more = {}) => ({ kind: 's3', bucket, ...more });

describe('parsePlace', () => {
  test.each([
    ['s3://my-bucket', { kind: 'bucket', address: s3('my-bucket') }],
    ['s3://my-bucket/', { kind: 'bucket', address: s3('my-bucket') }],
    ['s3://my-bucket/team/app', { kind: 'bucket', address: s3('my-bucket'), repository: 'team/app' }],
    ['s3://my-bucket/team/app:1.0', { kind: 'bucket', address: s3('my-bucket'), repository: 'team/app', tag: '1.0' }],
    [`s3://my-bucket/app@${digest}`, { kind: 'bucket', address: s3('my-bucket'), repository: 'app', digest }],
    [
      's3://b1/app:1?endpoint=http://127.0.0.1:9000&region=eu-west-1&path-style=true',
      {
        kind: 'bucket',
        address: s3('b1', { endpoint: 'http://127.0.0.1:9000', region: 'eu-west-1', pathStyle: true }),
        repository: 'app',
        tag: '1',
      },
    ],
    ['r2://b1/app:1', { kind: 'bucket', address: { kind: 'r2', bucket: 'b1' }, repository: 'app', tag: '1' }],
    [
      'https://Images.example.com/app:1',
      { kind: 'bucket', address: { kind: 'https', host: 'images.example.com' }, repository: 'app', tag: '1' },
    ],
    ['http://127.0.0.1:8080', { kind: 'bucket', address: { kind: 'http', host: '127.0.0.1:8080' } }],
    ['app:1.0', { kind: 'bucket', address: { kind: 'default' }, repository: 'app', tag: '1.0' }],
    ['team/app', { kind: 'bucket', address: { kind: 'default' }, repository: 'team/app' }],
    ['docker://alpine', { kind: 'docker', reference: { host: 'docker.io', repository: 'library/alpine', tag: 'latest' } }],
    ['docker://localhost:5000/app:1', { kind: 'docker', reference: { host: 'localhost:5000', repository: 'app', tag: '1' } }],
    ['oci:./image', { kind: 'oci', path: './image' }],
    ['oci:/srv/image:v1.0:x', { kind: 'oci', path: '/srv/image', reference: 'v1.0:x' }],
    ['oci:C:\\image:1', { kind: 'oci', path: 'C:\\image', reference: '1' }],
    ['oci-archive:a.tar:1', { kind: 'oci-archive', path: 'a.tar', reference: '1' }],
    ['docker-archive:a.tar:app:1', { kind: 'docker-archive', path: 'a.tar', reference: 'app:1' }],
    ['docker-daemon:app:1', { kind: 'docker-daemon', name: 'app:1' }],
  ])('reads %j', (text, place) => {
    expect(parsePlace(text)).toEqual(place);
  });

  test.each([
    ['file:./dir', './dir', undefined],
    ['file:dir//app', 'dir', 'app'],
    ['file:/srv/bucket', '/srv/bucket', undefined],
    ['file:///srv/bucket', '/srv/bucket', undefined],
    ['file:///srv/bucket//team/app', '/srv/bucket', 'team/app'],
    ['file:a//b//team/app', 'a//b', 'team/app'],
    ['file:a//b//', 'a//b', undefined],
    ['file:/', '/', undefined],
    ['file://///app', '/', 'app'],
    ['file:./with%20percent?and#more//app', './with%20percent?and#more', 'app'],
    ['file:C:\\bucket//app', 'C:\\bucket', 'app'],
  ])('reads %j as directory %j and repository %j', (text, path, repository) => {
    expect(parsePlace(text)).toEqual({ kind: 'bucket', address: { kind: 'file', path }, repository });
  });

  test.each([
    ['', 'reference-invalid'],
    ['file:', 'reference-invalid'],
    ['file://host/dir', 'reference-invalid'],
    ['file:////app', 'reference-invalid'],
    ['file:dir//App', 'name-invalid'],
    ['file:dir//app:', 'tag-invalid'],
    ['s3://', 'reference-invalid'],
    ['s3:bucket/app', 'tag-invalid'],
    ['s3://b/app', 'reference-invalid'],
    ['s3://../app', 'reference-invalid'],
    ['s3://b1/app/blobs/x', 'name-invalid'],
    [`s3://b1/app:1@${digest}`, 'reference-invalid'],
    ['s3://b1/app@latest', 'digest-invalid'],
    ['s3://b1/app?acl=public', 'reference-invalid'],
    ['s3://b1/app?path-style=maybe', 'reference-invalid'],
    ['s3://b1/app?endpoint=ftp://x', 'reference-invalid'],
    ['https://host/app?x=1', 'reference-invalid'],
    ['https:///app', 'reference-invalid'],
    ['docker:alpine', 'reference-invalid'],
    ['docker://https://ghcr.io/app', 'reference-invalid'],
    ['ostree:alpine', 'reference-invalid'],
    ['ftp://host/app', 'reference-invalid'],
    ['./image', 'reference-invalid'],
    ['/srv/image', 'reference-invalid'],
    ['oci:', 'reference-invalid'],
    ['oci::tag', 'reference-invalid'],
    ['oci:dir:', 'reference-invalid'],
    ['oci:dir\0', 'reference-invalid'],
    ['App:1', 'name-invalid'],
    ['x'.repeat(9000), 'reference-invalid'],
  ])('refuses %j with %s', (text, code) => {
    expect(codeOf(() => parsePlace(text))).toBe(code);
  });

  test.each([
    's3://KEY:hunter2@bucket/app',
    'https://user:hunter2@host/app',
    'ftp://user:hunter2@host/app',
    's3://bucket/App?endpoint=https://user:hunter2@host',
    's3://bucket/app?endpoint=https://user:hunter2@host',
    'nope://x/app?X-Amz-Signature=hunter2',
    'docker://user:hunter2@host/app',
  ])('repeats no password of %j', (text) => {
    expect(() => parsePlace(text)).toThrow(expect.not.objectContaining({ message: expect.stringContaining('hunter2') }));
  });

  test('writes what it reads so that it reads back as the same, and throws nothing but coded errors', () => {
    const pieces = fc.constantFrom(
      's3://',
      'r2://',
      'file:',
      'https://',
      'docker://',
      'oci:',
      'docker-archive:',
      'b1',
      'app',
      '/',
      '//',
      ':',
      '@',
      digest,
      '1.0',
      '.',
      '..',
      '?',
      'endpoint=http://h',
      '&',
      'region=x',
      'C:',
      '\\',
      ' ',
      'A',
    );
    const texts = fc.oneof(
      fc.array(pieces, { maxLength: 9 }).map((all) => all.join('')),
      fc.array(fc.constantFrom('/', '//', 'a', 'b', ':', '.'), { maxLength: 9 }).map((all) => `file:${all.join('')}`),
      fc.string(),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const first = parseOrCode(() => parsePlace(text));
        if (!('value' in first)) return;
        expect(parsePlace(formatPlace(first.value))).toEqual(first.value);
      }),
      { numRuns: 2000 },
    );
  });
});
