import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { redactHeaders, redactUrl } from './redact.ts';

describe('redactUrl', () => {
  test('masks what a presigned URL proves itself with, and leaves the rest', () => {
    const signed =
      'https://b.s3.amazonaws.com/v2/a%3Ab?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20260101&X-Amz-Security-Token=tok&X-Amz-Signature=abc&partNumber=3';
    expect(redactUrl(new URL(signed))).toBe(
      'https://b.s3.amazonaws.com/v2/a%3Ab?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=REDACTED&X-Amz-Security-Token=REDACTED&X-Amz-Signature=REDACTED&partNumber=3',
    );
  });

  test('masks every value of a repeated parameter, whatever its case', () => {
    expect(redactUrl('https://h/?x-amz-signature=a&X-AMZ-SIGNATURE=b&x-amz-signature=c')).not.toMatch(/=[abc]\b/);
  });

  test('drops user name, password and fragment', () => {
    expect(redactUrl('https://user:secret@host/path#token')).toBe('https://host/path');
  });

  test('masks a text that is no URL whole', () => {
    expect(redactUrl('not a url?token=x')).toBe('REDACTED');
  });

  test('never shows a secret, whatever the path and the other parameters', () => {
    const names = fc.constantFrom('X-Amz-Signature', 'X-Goog-Signature', 'Signature', 'AWSAccessKeyId', 'access_token', 'sig');
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true }), names, (base, name) => {
        const url = new URL(base);
        url.username = 'topsecret';
        url.searchParams.append(name, 'topsecret');
        expect(redactUrl(url)).not.toContain('topsecret');
      }),
    );
  });
});

test('redactHeaders masks credentials and redacts URLs', () => {
  const headers = {
    authorization: 'AWS4-HMAC-SHA256 …',
    cookie: 'a=b',
    'x-amz-security-token': 'tok',
    location: 'https://h/p?X-Amz-Signature=abc',
    'content-length': '3',
  };
  expect(redactHeaders(headers)).toEqual({
    authorization: 'REDACTED',
    cookie: 'REDACTED',
    'x-amz-security-token': 'REDACTED',
    location: 'https://h/p?X-Amz-Signature=REDACTED',
    'content-length': '3',
  });
});
