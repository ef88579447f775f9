import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf, parseOrCode } from '../../test/coded-errors.ts';
import { formatRegistryReference, parseRegistryReference } from './reference.ts';

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;

describe('parseRegistryReference', () => {
  test.each([
    ['alpine', 'docker.io/library/alpine:latest'],
    ['alpine:3.20', 'docker.io/library/alpine:3.20'],
    ['user/app', 'docker.io/user/app:latest'],
    ['docker.io/alpine', 'docker.io/library/alpine:latest'],
    ['index.docker.io/library/alpine', 'docker.io/library/alpine:latest'],
    ['ghcr.io/org/app', 'ghcr.io/org/app:latest'],
    ['GHCR.io/org/app', 'ghcr.io/org/app:latest'],
    ['localhost/app', 'localhost/app:latest'],
    ['localhost:5000/app:1', 'localhost:5000/app:1'],
    ['registry:5000/app', 'registry:5000/app:latest'],
    ['[::1]:5000/team/app:1', '[::1]:5000/team/app:1'],
    ['127.0.0.1:5000/app', '127.0.0.1:5000/app:latest'],
    [`alpine@${digest}`, `docker.io/library/alpine@${digest}`],
    [`ghcr.io/app:1.0@${digest}`, `ghcr.io/app:1.0@${digest}`],
  ])('reads %j as %j', (text, whole) => {
    expect(formatRegistryReference(parseRegistryReference(text))).toBe(whole);
  });

  test.each([
    ['', 'reference-invalid'],
    ['/app', 'name-invalid'],
    ['App', 'name-invalid'],
    ['Team/app', 'name-invalid'],
    ['ghcr.io/', 'name-invalid'],
    ['ghcr.io//app', 'name-invalid'],
    ['app:', 'tag-invalid'],
    ['app:a:b', 'tag-invalid'],
    ['app@', 'digest-invalid'],
    [`app@${digest}@${digest}`, 'digest-invalid'],
    ['host:99999/app', 'reference-invalid'],
    ['host:0/app', 'reference-invalid'],
    ['-host.io/app', 'reference-invalid'],
    ['user:secret@host.io/app', 'digest-invalid'],
    ['https://ghcr.io/app', 'reference-invalid'],
    ['x'.repeat(2000), 'reference-invalid'],
  ])('refuses %j with %s', (text, code) => {
    expect(codeOf(() => parseRegistryReference(text))).toBe(code);
  });

  test('writes what it reads so that it reads back as the same, and throws nothing but coded errors', () => {
    const pieces = fc.constantFrom(
      'alpine',
      'library',
      'docker.io',
      'localhost',
      ':5000',
      '/',
      ':',
      '@',
      digest,
      '1.0',
      '[::1]',
      'A',
      '..',
      '-',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(pieces, { maxLength: 7 }).map((all) => all.join('')),
          fc.string(),
        ),
        (text) => {
          const first = parseOrCode(() => parseRegistryReference(text));
          if (!('value' in first)) return;
          expect(parseRegistryReference(formatRegistryReference(first.value))).toEqual(first.value);
        },
      ),
      { numRuns: 500 },
    );
  });
});
