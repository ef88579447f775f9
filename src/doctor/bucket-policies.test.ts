import { describe, expect, it } from 'vitest';
import { addPublicRead, letsEveryoneWrite, publicReadPolicy, pusherPolicy, readerPolicy } from './bucket-policies.ts';

describe('publicReadPolicy', () => {
  it('lets everyone get what clients read, in both spellings of its root, and nothing else', () => {
    expect(publicReadPolicy('pub').Statement).toEqual([
      {
        Sid: 'BucketryPublicRead',
        Effect: 'Allow',
        Principal: '*',
        Action: ['s3:GetObject'],
        Resource: ['arn:aws:s3:::pub/v2/*', 'arn:aws:s3:::pub/v2'],
      },
    ]);
  });
});

describe('addPublicRead', () => {
  const foreign = { Sid: 'Keep', Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: '*' };

  it('is the whole policy where there is none', () => {
    expect(JSON.parse(addPublicRead(undefined, 'pub'))).toEqual(publicReadPolicy('pub'));
  });

  it("keeps others' statements and replaces its own, however often it is applied", () => {
    const once = addPublicRead(JSON.stringify({ Version: '2012-10-17', Id: 'mine', Statement: foreign }), 'pub');
    expect(JSON.parse(once)).toEqual({ Version: '2012-10-17', Id: 'mine', Statement: [foreign, ...publicReadPolicy('pub').Statement] });
    expect(addPublicRead(once, 'pub')).toBe(once);
  });

  it.each(['nonsense', '[]', '{"Version":"x"}', 'null'])('refuses to overwrite %j', (policy) => {
    expect(() => addPublicRead(policy, 'pub')).toThrow(expect.objectContaining({ code: 'input-invalid' }));
  });
});

describe('letsEveryoneWrite', () => {
  const of = (statement: object): string | number | undefined =>
    letsEveryoneWrite(JSON.stringify({ Statement: [publicReadPolicy('b').Statement[0], statement] }));
  const open = { Effect: 'Allow', Principal: '*', Action: 's3:*', Resource: '*' };

  it.each([
    open,
    { ...open, Principal: { AWS: '*' }, Action: ['s3:GetObject', 's3:PutObject'] },
    { ...open, Action: 's3:DeleteObject' },
    { ...open, Action: '*' },
  ])('finds %j', (statement) => {
    expect(of(statement)).toBe(1);
    expect(of({ ...statement, Sid: 'Open' })).toBe('Open');
  });

  it.each([
    { ...open, Effect: 'Deny' },
    { ...open, Principal: { AWS: 'arn:aws:iam::1:user/me' } },
    { ...open, Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } },
    { ...open, Action: ['s3:GetObject', 's3:ListBucket'] },
  ])('has nothing against %j', (statement) => {
    expect(of(statement)).toBeUndefined();
  });
});

describe('policies of users', () => {
  it('let a reader write nothing', () => {
    const actions = readerPolicy('b').Statement.flatMap((statement) => statement.Action);
    expect(actions.filter((action) => !/^s3:(Get|List)/.test(action))).toEqual([]);
  });

  it('let a pusher delete only what is staged', () => {
    const deleting = pusherPolicy('b').Statement.filter((statement) => statement.Action.some((action) => action.includes('Delete')));
    expect(deleting.flatMap((statement) => statement.Resource)).toEqual(['arn:aws:s3:::b/_bucketry/staging/*']);
  });
});
