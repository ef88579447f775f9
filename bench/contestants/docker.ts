import type { Contestant, Stage } from './contestant.ts';
import { loadedImage } from './contestant.ts';
import type { CommandLine } from '../../test/peers/namespace.ts';

const docker = ({ dockerSocket }: Stage, ...args: readonly string[]): CommandLine => [
  'docker',
  '--host',
  `unix://${dockerSocket}`,
  ...args,
];
const reference = ({ registry, repository }: Stage): string => `${registry}/${repository}:latest`;

/** What most people push with. */
export const dockerPush: Contestant = {
  name: 'docker push',
  settings:
    'to distribution on the same store; the daemon (20.10, on the client’s side, files in memory) has the image loaded, and its CPU time and memory count',
  needs: ['dockerd', 'distribution'],
  programs: ['docker'],
  before: (stage) => docker(stage, 'tag', loadedImage, reference(stage)),
  command: (stage) => docker(stage, 'push', '--quiet', reference(stage)),
};
