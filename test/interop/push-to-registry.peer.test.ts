import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCommandLine } from '../cli/command-line.ts';
import { type PeerRegistry, startCraneRegistry } from '../peers/crane-registry.ts';
import { openCrane } from '../peers/crane.ts';
import type { PeerCommand } from '../peers/peer-command.ts';
import { describePeer } from '../peers/require-peer.ts';
import { type ArchiveFixture, openArchiveFixture } from './archive-fixture.ts';
import { expectSuccess } from './refusal.ts';

describePeer('crane', '`push` into a registry that is not ours', () => {
  let fixture: ArchiveFixture;
  let registry: PeerRegistry;
  let crane: PeerCommand;

  beforeAll(async () => {
    fixture = await openArchiveFixture();
    registry = await startCraneRegistry();
    crane = await openCrane();
  });

  afterAll(async () => {
    await crane.close();
    await registry.close();
    await fixture.close();
  });

  const run = (...words: string[]) => openCommandLine({ folder: fixture.path('.') }).run(...words);

  test('copies from a bucket, from files and from the registry itself, with what cosign tags, and says how to pull', async () => {
    const { repository, images } = fixture.place;
    const bucket = `file:${fixture.path('bucket')}//${repository}`;
    const there = `${registry.host}/team/app`;
    const { digest } = images.index.root;
    const pushed = await run('push', `${bucket}:index`, `docker://${there}:1.0`, '--digest-file', 'digest');
    expect(expectSuccess(pushed)).toContain(`docker pull ${there}:1.0`);
    expect(expectSuccess(await crane.run(['digest', `${there}:1.0`])).trim()).toBe(digest);
    await fixture.pull('single', `oci-archive:${fixture.path('single.tar')}`);
    const signature = `${digest.replace(':', '-')}.sig`;
    expectSuccess(await run('push', `oci-archive:${fixture.path('single.tar')}`, `docker://${there}:${signature}`));
    expectSuccess(await run('push', `docker://${there}:1.0`, `docker://${registry.host}/other/app:2.0`, '--referrers'));
    expect(
      expectSuccess(await crane.run(['ls', `${registry.host}/other/app`]))
        .trim()
        .split('\n'),
    ).toEqual(['2.0', signature]);
  });

  test('refuses a digest, which nobody can choose', async () => {
    const { code, stderr } = await run('push', 'oci:nothing', `docker://127.0.0.1:1/team/app@sha256:${'0'.repeat(64)}`);
    expect(code).toBe(2);
    expect(stderr).toContain('wanted a repository and a tag');
  });
});
