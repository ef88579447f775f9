import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { quoteWord } from './quote-word.ts';

it('leaves a plain word as it is', () => {
  expect(quoteWord('s3://my-bucket/team/app:1.0@sha256=%2F')).toBe('s3://my-bucket/team/app:1.0@sha256=%2F');
});

it('gives a shell back the words it was given', () => {
  const word = fc.string({ unit: fc.constantFrom(...Array.from(`aé '"\\$\`!?*&;|<>(){}[]~#=\n`)), maxLength: 12 });
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (words) => {
      const output = execFileSync('sh', ['-c', `printf '%s\\0' ${words.map(quoteWord).join(' ')}`], { encoding: 'utf8' });
      expect(output.split('\0').slice(0, -1)).toEqual(words);
    }),
    { numRuns: 30 },
  );
});
