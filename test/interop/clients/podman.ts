import { openPodman } from '../../peers/podman.ts';
import type { Client } from '../client.ts';
import { imageWays } from '../image-ways.ts';
import { formatRepository, HOSTS } from '../place.ts';
import { expectPart, expectSuccess } from '../refusal.ts';
import { RUNNABLE, takeByRunning } from '../take-by-running.ts';
import type { Engine } from '../take-by-running.ts';

/** podman, with Debian's runc. */
export const podman: Client = {
  title: 'podman (pull and run)',
  peer: 'podman',
  async open() {
    const client = await openPodman();
    const ask = async (...args: string[]): Promise<string> => expectSuccess(await client.run(args, { hosts: HOSTS }));
    const engine: Engine = {
      pull: (reference) => ask('pull', '--tls-verify=false', reference),
      recordedDigests: (reference) => ask('image', 'inspect', '--format={{json .RepoDigests}}', reference),
      run: async (reference) => expectSuccess(await client.runContainer([reference])),
    };
    return {
      ways: {
        ...imageWays(takeByRunning(engine), RUNNABLE),
        'list of tags': async (place) =>
          expectPart(await ask('search', '--list-tags', '--tls-verify=false', formatRepository(place)), 'docker-list'),
      },
      close: client.close,
    };
  },
};
