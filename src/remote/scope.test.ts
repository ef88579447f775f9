import { describe, expect, test } from 'vitest';
import { mergeScopes } from './scope.ts';

describe('mergeScopes', () => {
  test('asks for every action that either names, once', () => {
    expect(mergeScopes('repository:a/b:pull', 'repository:a/b:pull,push')).toBe('repository:a/b:pull,push');
    expect(mergeScopes(undefined, 'repository:a:pull')).toBe('repository:a:pull');
    expect(mergeScopes('', 'repository:a:pull')).toBe('repository:a:pull');
  });

  test('keeps resources apart, also where a host stands in the name', () => {
    expect(mergeScopes('repository:host:5000/a:pull', 'repository:a:push repository:b:pull')).toBe(
      'repository:host:5000/a:pull repository:a:push repository:b:pull',
    );
  });
});
