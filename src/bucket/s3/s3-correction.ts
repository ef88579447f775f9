import type { S3Answer } from './s3-answer.ts';

/** What requests are signed with besides credentials, and what a refusal can teach better. */
export interface SigningFacts {
  readonly region: string;
  /** The store's time minus ours. */
  readonly skewMs: number;
}

/** Where an answer has no code (a HEAD's), a difference of this much is what it was refused for. S3's own limit is 15 minutes. */
const notableSkewMs = 5 * 60_000;

/** S3 names the bucket's region with these. */
const regionStatuses: ReadonlySet<number> = new Set([301, 307, 400, 403]);

/**
 * What a refusal teaches: the bucket's region, or the store's time.
 * @param used what the refused request was signed with; others may have learned the same meanwhile
 * @returns undefined where the refusal has another reason
 */
export function findCorrection(answer: S3Answer, used: SigningFacts, nowMs: number): Partial<SigningFacts> | undefined {
  if (answer.region !== undefined && answer.region !== used.region && regionStatuses.has(answer.status)) {
    return { region: answer.region };
  }
  const mayBeSkewed = answer.s3Code === 'RequestTimeTooSkewed' || (answer.s3Code === undefined && answer.status === 403);
  if (!mayBeSkewed || answer.dateMs === undefined) return undefined;
  const skewMs = answer.dateMs - nowMs;
  return Math.abs(skewMs - used.skewMs) < notableSkewMs ? undefined : { skewMs };
}
