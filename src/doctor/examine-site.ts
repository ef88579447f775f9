import type { Clock } from '../streams/clock.ts';
import { mapConcurrently } from '../streams/concurrency.ts';
import type { Site } from './ask-site.ts';
import { type ClientProfile, clientProfiles } from './client-profiles.ts';
import type { Problem } from './findings.ts';
import { judgeAnswer } from './judge-answer.ts';
import { expectedOf, type PullContent, type PullSubject, readContent, requestFor, tagPath } from './pull-content.ts';
import { checkSite } from './site-checks.ts';

/** Whether a client can pull. */
export interface ClientVerdict {
  readonly client: ClientProfile;
  /** The first thing that its pull fails of; undefined where it works. */
  readonly problem?: Problem | undefined;
}

/** What was found at a host. */
export interface SiteReport {
  readonly subject: PullSubject;
  readonly verdicts: readonly ClientVerdict[];
  /** What no pull fails of by itself. */
  readonly remarks: readonly Problem[];
}

/**
 * Pulls an image as each client would, by what the table says of it, and looks at what else matters to them. About 16 requests where all is well, since clients that ask for
 * the same share the answer.
 */
export async function examineSite(site: Site, subject: PullSubject, clock: Clock): Promise<SiteReport> {
  const content = await readContent(site, subject);
  const misplaced = content.root ? undefined : await findBelowPath(site, subject);
  const verdicts = await mapConcurrently(clientProfiles, clientProfiles.length, async (client) => ({
    client,
    problem: misplaced ?? (await replayPull(site, content, client)),
  }));
  return { subject, verdicts, remarks: await checkSite({ site, content, clock }) };
}

/** Goes through a client's requests until it would stop. */
async function replayPull(site: Site, content: PullContent, client: ClientProfile): Promise<Problem | undefined> {
  let status = 0;
  for (const step of client.steps) {
    if (step.onlyAfter !== undefined && step.onlyAfter !== status) continue;
    const request = requestFor(step.ask, content);
    if (!request) continue;
    const answer = await site.ask(request);
    const problem = await judgeAnswer(step, answer, expectedOf(step.ask, content), client);
    if (problem) return problem.id === 'head-refused' ? ((await explainByTag(site, content, client)) ?? problem) : problem;
    ({ status } = answer);
  }
  return undefined;
}

/** A tag that cannot be read either is what is wrong, not HEAD. */
async function explainByTag(site: Site, content: PullContent, client: ClientProfile): Promise<Problem | undefined> {
  const request = requestFor('tag', content);
  const answer = request && (await site.ask(request));
  if (!answer || answer.status === 200) return undefined;
  return judgeAnswer({ ask: 'tag', goesOnAfter: [200] }, answer, undefined, client);
}

/** A bucket in path style answers below its own name, which clients take for the first part of the repository's. */
async function findBelowPath(site: Site, subject: PullSubject): Promise<Problem | undefined> {
  const slash = subject.name.indexOf('/');
  if (slash < 0) return undefined;
  const [folder, rest] = [subject.name.slice(0, slash), subject.name.slice(slash + 1)];
  const path = `${folder}/${tagPath({ ...subject, name: rest as PullSubject['name'] })}`;
  const { status } = await site.ask({ path });
  return status === 200 ? { id: 'path-style', seen: `GET /${path}: 200` } : undefined;
}
