import { describe, expect, it } from 'vitest';
import { redact } from './redact.ts';

describe('redact', () => {
  it.each([
    'GET https://b.s3.amazonaws.com/k?X-Amz-Expires=60&X-Amz-Signature=SECRETVALUE&x=1',
    'GET https://b.example/k?X-Amz-Credential=SECRETVALUE%2F20260101',
    'Authorization: AWS4-HMAC-SHA256 Credential=x/y, Signature=SECRETVALUE',
    '{"authorization":"Bearer SECRETVALUE"}',
    'x-amz-security-token: SECRETVALUE',
    'challenge was Bearer SECRETVALUE',
    'cannot reach https://user:SECRETVALUE@example.com/path',
    'the key SECRETVALUE of the environment',
  ])('hides the secret of %j', (text) => {
    const clean = redact(text, { AWS_SECRET_ACCESS_KEY: 'SECRETVALUE' });
    expect(clean).not.toContain('SECRETVALUE');
    expect(redact(clean, {})).toBe(clean);
  });

  it('hides a signature without knowing the environment', () => {
    expect(redact('https://h/k?a=1&X-Amz-Signature=abc&b=2', {})).toBe('https://h/k?a=1&X-Amz-Signature=REDACTED&b=2');
  });

  it('leaves everything else alone', () => {
    const text = 'Cannot store blob "sha256:aa" in s3://my-bucket?region=eu: 10 of 12 bytes received (https://example.com/v2/)';
    expect(redact(text, { AWS_SECRET_ACCESS_KEY: 'x', HOME: 'my-bucket' })).toBe(text);
  });
});
