import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasCode } from '../errors/coded-error.ts';
import { parseChallenge } from './challenge.ts';

describe('parseChallenge', () => {
  it('reads the challenge of a token server', () => {
    const header = 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/alpine:pull"';
    expect(parseChallenge(header)).toEqual({
      scheme: 'bearer',
      realm: 'https://auth.docker.io/token',
      service: 'registry.docker.io',
      scope: 'repository:library/alpine:pull',
    });
  });

  it('reads spaces, quoted commas, escapes and unquoted values as the grammar has them', () => {
    expect(parseChallenge('bearer  realm = "https://a/\\"b\\"" , service=x, scope="a:b:pull,push"')).toEqual({
      scheme: 'bearer',
      realm: 'https://a/"b"',
      service: 'x',
      scope: 'a:b:pull,push',
    });
  });

  it('prefers bearer where basic is offered, too, in any order', () => {
    expect(parseChallenge('Basic realm="r", Bearer realm="https://t"')).toMatchObject({ scheme: 'bearer', realm: 'https://t' });
    expect(parseChallenge('Bearer realm="https://t", Basic realm="r"')).toMatchObject({ scheme: 'bearer', realm: 'https://t' });
  });

  it('reads basic with and without a realm', () => {
    expect(parseChallenge('Basic realm="Registry"')).toEqual({ scheme: 'basic', realm: 'Registry' });
    expect(parseChallenge('Basic')).toEqual({ scheme: 'basic', realm: undefined });
  });

  it('answers undefined where only unknown schemes, a bearer without a realm, or nothing is offered', () => {
    expect(parseChallenge('Negotiate, Digest realm="x"')).toBeUndefined();
    expect(parseChallenge('Bearer service="x"')).toBeUndefined();
    expect(parseChallenge('')).toBeUndefined();
  });

  it.each(['=x', 'Bearer realm="open', 'Bearer realm=', '"quoted" first', 'realm="x"'])('refuses %j', (header) => {
    expect(() => parseChallenge(header)).toThrow(/Cannot read the registry's challenge/);
  });

  it('reads back what was written, whatever the values hold', () => {
    const text = fc.string({ maxLength: 40 });
    fc.assert(
      fc.property(text, text, text, (realm, service, scope) => {
        const quote = (value: string): string => `"${value.replaceAll(/(["\\])/g, '\\$1')}"`;
        expect(parseChallenge(`Bearer realm=${quote(realm)}, service=${quote(service)}, scope=${quote(scope)}`)).toEqual({
          scheme: 'bearer',
          realm,
          service,
          scope,
        });
      }),
      { numRuns: 2000 },
    );
  });

  it('throws nothing but a coded error, whatever comes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[Bbearsic =",\\a-z]*$/)), (header) => {
        try {
          parseChallenge(header);
        } catch (error) {
          expect(hasCode(error, 'registry-invalid')).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
