import { expect, it } from 'vitest';
import { listKeys, readText, textSource } from '../../../test/contract/bucket-contract-harness.ts';
import { createMemoryBucket } from '../memory/memory-bucket.ts';
import { toObjectKey } from '../object-key.ts';
import { withPrefix } from './with-prefix.ts';

it('keeps to its part of the bucket', async () => {
  const whole = createMemoryBucket();
  for (const key of ['p', 'p/', 'p/a', 'p-a', 'pa', 'q/a']) await whole.put(toObjectKey(key), textSource(key));
  const part = withPrefix(whole, 'p');
  expect(await listKeys(part, {})).toEqual(['a']);
  expect(await readText(part, toObjectKey('a'))).toBe('p/a');
  await part.put(toObjectKey('b'), textSource('b'));
  expect(await readText(whole, toObjectKey('p/b'))).toBe('b');
  expect(part.location).toBe('memory:/p');
});

it('refuses a key that is too long with its prefix', async () => {
  const part = withPrefix(createMemoryBucket(), 'p/');
  await expect(part.put(toObjectKey('x'.repeat(1023)), textSource('x'))).rejects.toMatchObject({ code: 'key-invalid' });
});

it('lacks what the whole lacks', () => {
  const part = withPrefix(createMemoryBucket({ quirks: { lacksCopy: true, lacksMultipart: true } }), 'p');
  expect('copy' in part || 'multipart' in part).toBe(false);
});
