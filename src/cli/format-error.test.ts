import { describe, expect, it } from 'vitest';
import { BucketError } from '../errors/bucket-error.ts';
import { RegistryError } from '../errors/registry-error.ts';
import { formatCauses, formatError, reportError } from './format-error.ts';

describe('reportError', () => {
  it('says what failed, on which side, what to do, and how the process ends', () => {
    const error = new BucketError('throttled', 'Cannot write "k"', { side: 'target', hint: 'Wait.' });
    expect(reportError(error).error).toEqual({
      code: 'throttled',
      message: 'Cannot write "k"',
      side: 'target',
      hint: 'Wait.',
      exitCode: 8,
    });
  });

  it('takes what is none of our errors for a mistake of ours, whatever was thrown', () => {
    for (const thrown of [new TypeError('x is undefined'), 'text', undefined, null, { a: 1 }]) {
      expect(reportError(thrown).error).toMatchObject({ code: 'internal', exitCode: 1, hint: expect.stringContaining('--debug') });
    }
    expect(reportError(new TypeError('x is undefined')).error.message).toBe('TypeError: x is undefined');
  });
});

describe('formatError', () => {
  it('leaves out what is not known', () => {
    expect(formatError(reportError(new RegistryError('tag-missing', 'Cannot find it')))).toBe(
      'error: Cannot find it\n  code:  tag-missing',
    );
    const whole = new RegistryError('tag-missing', 'Cannot find it', { side: 'source', hint: 'Look.' });
    expect(formatError(reportError(whole)).split('\n')).toHaveLength(4);
  });
});

describe('formatCauses', () => {
  it('follows the chain down to what is no error, and out of a circle', () => {
    const text = formatCauses(new Error('outer', { cause: new Error('inner', { cause: { status: 500 } }) }));
    expect(text).toMatch(/^Error: outer\n[^]*caused by: Error: inner\n[^]*caused by: \{"status":500\}$/);
    const circle = new Error('circle');
    circle.cause = circle;
    expect(formatCauses(circle).split('caused by').length).toBeLessThan(20);
  });
});
