import { describe, expect, it } from 'vitest';
import { clientNames, clientProfiles, everyoneMinds, findClient } from './client-profiles.ts';
import { type FindingId, findingTexts } from './finding-texts.ts';
import { describeProblem } from './findings.ts';

describe('describeProblem', () => {
  it('puts what was looked at into what is to be typed', () => {
    const context = { origin: new URL('https://img.example'), bucket: 's3://mine', image: 's3://mine/team/app:TAG' };
    expect(describeProblem({ id: 'blob-missing', seen: 's' }, ['crane'], context)).toMatchObject({
      id: 'blob-missing',
      fails: ['crane'],
      fix: expect.stringContaining('bucketry push SOURCE s3://mine/team/app:TAG') as unknown,
    });
  });

  it.each(Object.keys(findingTexts) as FindingId[])('leaves no gap in the words of %s', (id) => {
    const { title, fix } = describeProblem({ id, seen: 's' }, [], {});
    expect(title).not.toBe('');
    expect(fix).not.toMatch(/\{\w+\}|undefined/);
  });
});

describe('the clients', () => {
  it('have names that are theirs alone', () => {
    expect(new Set(clientNames).size).toBe(clientNames.length);
    for (const name of clientNames) expect(findClient(name)).toBeDefined();
    expect(findClient('none')).toBeUndefined();
  });

  it('all begin with a request that needs no other, and mind what there is', () => {
    for (const { steps, minds } of clientProfiles) {
      expect(['api', 'tag-head', 'tag']).toContain(steps[0]?.ask);
      for (const id of [...minds, ...everyoneMinds]) expect(findingTexts).toHaveProperty([id]);
    }
  });
});
