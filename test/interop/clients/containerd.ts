import { randomUUID } from 'node:crypto';
import { startContainerd } from '../../peers/containerd.ts';
import type { Client } from '../client.ts';
import { imageWays } from '../image-ways.ts';
import { HOSTS } from '../place.ts';
import { expectSuccess } from '../refusal.ts';
import { RUNNABLE, takeByRunning } from '../take-by-running.ts';
import type { Engine } from '../take-by-running.ts';

/** containerd by its own client; nerdctl, BuildKit and Kubernetes ask for the same. */
export const containerd: Client = {
  title: 'containerd (`ctr`, pull and run)',
  peer: 'containerd',
  async open() {
    const daemon = await startContainerd();
    const ask = async (...args: string[]): Promise<string> => expectSuccess(await daemon.ctr(args, { hosts: HOSTS }));
    const engine: Engine = {
      pull: (reference) => ask('images', 'pull', '--plain-http', '--snapshotter=native', reference),
      recordedDigests: (reference) => ask('images', 'list', `name==${reference}`),
      run: (reference) => ask('run', '--rm', '--snapshotter=native', reference, randomUUID()),
    };
    return {
      ways: imageWays(takeByRunning(engine), RUNNABLE),
      close: daemon.close,
    };
  },
};
