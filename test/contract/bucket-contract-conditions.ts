import { expect } from 'vitest';
import type { WriteCondition } from '../../src/bucket/bucket.ts';
import { hasCode } from '../../src/errors/coded-error.ts';
import { type ContractRun, type DefineTest, expectCode, readText, textSource } from './bucket-contract-harness.ts';

const racers = 20;

/** Conditions on `put`: each test follows `abilities.conditionalPut`. */
export function defineConditionTests(define: DefineTest): void {
  define('creates only where nothing is', async ({ bucket, key }) => {
    const create = (text: string): Promise<unknown> => bucket.put(key('a'), textSource(text), { ifNoneMatch: '*' });
    switch (bucket.abilities.conditionalPut) {
      case 'atomic':
        await create('first');
        await expectCode(create('second'), 'precondition-failed');
        expect(await readText(bucket, key('a'))).toBe('first');
        await bucket.delete(key('a'));
        await create('third');
        expect(await readText(bucket, key('a'))).toBe('third');
        break;
      case 'none':
        await expectCode(create('first'), 'operation-unsupported');
        expect(await bucket.head(key('a'))).toBeUndefined();
        break;
      case 'ignored':
        await create('first');
        await create('second');
        expect(await readText(bucket, key('a'))).toBe('second');
    }
  });

  define('replaces only the version named', async ({ bucket, key }) => {
    const first = await bucket.put(key('a'), textSource('first'));
    const replace = (text: string): ReturnType<typeof bucket.put> => bucket.put(key('a'), textSource(text), { ifMatch: first.etag });
    switch (bucket.abilities.conditionalPut) {
      case 'atomic': {
        const second = await replace('second');
        await expectCode(replace('third'), 'precondition-failed');
        expect(await readText(bucket, key('a'))).toBe('second');
        await bucket.put(key('a'), textSource('fourth'), { ifMatch: second.etag });
        expect(await readText(bucket, key('a'))).toBe('fourth');
        break;
      }
      case 'none':
        await expectCode(replace('second'), 'operation-unsupported');
        expect(await readText(bucket, key('a'))).toBe('first');
        break;
      case 'ignored':
        await replace('second');
        await replace('third');
        expect(await readText(bucket, key('a'))).toBe('third');
    }
  });

  define('replaces nothing where nothing is', async ({ bucket, key }) => {
    if (bucket.abilities.conditionalPut === 'ignored') return;
    const { etag } = await bucket.put(key('other'), textSource('other'));
    const wanted = bucket.abilities.conditionalPut === 'atomic' ? 'precondition-failed' : 'operation-unsupported';
    await expectCode(bucket.put(key('a'), textSource('a'), { ifMatch: etag }), wanted);
    expect(await bucket.head(key('a'))).toBeUndefined();
  });

  define('lets exactly one of 20 racing creators win', async (run) => {
    await expectRace(run, { ifNoneMatch: '*' });
  });

  define('lets exactly one of 20 racing replacers win', async (run) => {
    const { etag } = await run.bucket.put(run.key('a'), textSource('before'));
    await expectRace(run, { ifMatch: etag });
  });

  define('loses no unconditional write of racing writers half-way', async ({ bucket, key }) => {
    const texts = Array.from({ length: racers }, (_, index) => `text ${index} `.repeat(index + 1));
    await Promise.all(
      texts.map((text, index) => bucket.put(key('a'), textSource(text), { contentType: `text/${index}`, metadata: { index: `${index}` } })),
    );
    const text = await readText(bucket, key('a'));
    const winner = texts.indexOf(text);
    expect(winner).toBeGreaterThanOrEqual(0);
    expect(await bucket.head(key('a'))).toMatchObject({
      size: text.length,
      contentType: `text/${winner}`,
      metadata: { index: `${winner}` },
    });
  });
}

/** Races writers with one condition, and holds what came out against what the bucket declares. */
async function expectRace({ bucket, key }: ContractRun, condition: WriteCondition): Promise<void> {
  const writes = Array.from({ length: racers }, (_, index) => bucket.put(key('a'), textSource(`racer ${index}`), condition));
  const settled = await Promise.allSettled(writes);
  const winners = settled.flatMap((result, index) => (result.status === 'fulfilled' ? [index] : []));
  const losses = settled.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  switch (bucket.abilities.conditionalPut) {
    case 'atomic':
      expect(losses.filter((loss) => !hasCode(loss, 'precondition-failed', 'write-conflict'))).toEqual([]);
      expect(winners).toHaveLength(1);
      expect(await readText(bucket, key('a'))).toBe(`racer ${winners[0]}`);
      break;
    case 'none':
      expect(losses.filter((loss) => !hasCode(loss, 'operation-unsupported'))).toEqual([]);
      expect(winners).toHaveLength(0);
      break;
    case 'ignored':
      expect(winners).toHaveLength(racers);
  }
}
