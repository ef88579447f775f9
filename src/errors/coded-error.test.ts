import { describe, expect, it } from 'vitest';
import { BucketError } from './bucket-error.ts';
import { bucketErrorCodes, registryErrorCodes } from './codes.ts';
import { attribute, hasCode } from './coded-error.ts';
import { abortError, RegistryError, throwIfAborted } from './registry-error.ts';

describe('coded errors', () => {
  it('have codes that are each written once', () => {
    const codes = [...bucketErrorCodes, ...registryErrorCodes];
    expect(new Set(codes).size).toBe(codes.length);
  });

  it('remember the first side that was blamed', () => {
    const error = new BucketError('throttled', 'Cannot put');
    expect(attribute(error, 'target')).toBe(error);
    attribute(error, 'source');
    expect(error.side).toBe('target');
    expect(attribute('not ours', 'source')).toBe('not ours');
  });

  it('are told apart by code', () => {
    const error: unknown = new RegistryError('tag-missing', 'Cannot find');
    expect(hasCode(error)).toBe(true);
    expect(hasCode(error, 'tag-missing', 'aborted')).toBe(true);
    expect(hasCode(error, 'aborted')).toBe(false);
    expect(hasCode(new Error('other'))).toBe(false);
  });

  it('come of an aborted signal: its reason if that is ours, else code aborted with the reason as cause', () => {
    const ours = new BucketError('timed-out', 'Cannot wait');
    expect(abortError(AbortSignal.abort(ours))).toBe(ours);
    const other = abortError(AbortSignal.abort('because'));
    expect(other).toMatchObject({ code: 'aborted', cause: 'because' });
    expect(() => throwIfAborted(AbortSignal.abort())).toThrow(RegistryError);
    expect(() => throwIfAborted(undefined)).not.toThrow();
  });
});
