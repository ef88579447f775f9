import { startDockerd } from '../../peers/dockerd.ts';
import type { Client } from '../client.ts';
import { imageWays } from '../image-ways.ts';
import { HOSTS } from '../place.ts';
import { expectSuccess } from '../refusal.ts';
import { RUNNABLE, takeByRunning } from '../take-by-running.ts';
import type { Engine } from '../take-by-running.ts';

/** Docker with its classic image store. */
export const docker: Client = {
  title: 'Docker (pull and run)',
  peer: 'dockerd',
  async open() {
    const daemon = await startDockerd({ hosts: HOSTS });
    const ask = async (...args: string[]): Promise<string> => expectSuccess(await daemon.docker(args));
    const engine: Engine = {
      pull: (reference) => ask('pull', reference),
      recordedDigests: (reference) => ask('image', 'inspect', '--format={{json .RepoDigests}}', reference),
      run: (reference) => ask('run', '--rm', '--network=none', reference),
    };
    return {
      ways: imageWays(takeByRunning(engine), RUNNABLE),
      close: daemon.close,
    };
  },
};
