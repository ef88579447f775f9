import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
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
      async run(reference) {
        // By way of a file, since `ctr` now and then ends before it has read all that a short-lived program printed.
        const id = randomUUID();
        const log = join(daemon.home, `${id}.log`);
        await ask('run', '--rm', '--snapshotter=native', `--log-uri=file://${log}`, reference, id);
        return readFile(log, 'utf8');
      },
    };
    return {
      ways: imageWays(takeByRunning(engine), RUNNABLE),
      close: daemon.close,
    };
  },
};
