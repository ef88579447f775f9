import { describe, expect, it } from 'vitest';
import { bucketErrorCodes, registryErrorCodes } from '../errors/codes.ts';
import { exitClasses, exitCodeOf } from './exit-codes.ts';

describe('exit codes', () => {
  it('gives every error a code that is not success and that a shell can report', () => {
    for (const code of [...bucketErrorCodes, ...registryErrorCodes]) {
      expect(exitCodeOf(code), code).toBeGreaterThan(0);
      expect(exitCodeOf(code), code).toBeLessThanOrEqual(130);
    }
  });

  it('gives each class a code of its own', () => {
    const codes = Object.values(exitClasses).map(({ exitCode }) => exitCode);
    expect(new Set(codes).size).toBe(codes.length);
  });

  it('reports what is none of our errors as our mistake, and an abort as 130', () => {
    expect(exitCodeOf(undefined)).toBe(1);
    expect(exitCodeOf('aborted')).toBe(130);
  });
});
