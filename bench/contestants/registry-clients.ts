import { peerPath } from '../../test/peers/peer-cache.ts';
import type { CommandLine } from '../../test/peers/namespace.ts';
import type { Contestant, Stage } from './contestant.ts';

const reference = ({ registry, repository }: Stage): string => `${registry}/${repository}:latest`;

/** As root skopeo remembers which blob it saw where, in a folder of the system: it gets an empty one, so that each run is its first. */
const coverFolder = 'mount -n -t tmpfs tmpfs /var/lib && exec "$@"';

function skopeo(stage: Stage, ...args: readonly string[]): CommandLine {
  const policy = `--policy=${stage.home}/.config/containers/policy.json`;
  const command = [peerPath('skopeo'), policy, '--tmpdir', `${stage.home}/tmp`, 'copy', '--quiet', ...args];
  return ['unshare', '--mount', '--', '/bin/sh', '-c', coverFolder, 'cover', ...command];
}

/** go-containerregistry's client. */
export const cranePush: Contestant = {
  name: 'crane push',
  settings: 'to distribution on the same store',
  needs: ['crane', 'distribution'],
  command: (stage) => [peerPath('crane'), 'push', '--insecure', stage.image.folder, reference(stage)],
};

/** The pull of the same client. */
export const cranePull: Contestant = {
  name: 'crane pull',
  settings: '`--format=oci`, from distribution, which redirects to the same store',
  needs: ['crane', 'distribution'],
  command: (stage) => [peerPath('crane'), 'pull', '--insecure', '--format=oci', reference(stage), `${stage.outputFolder}/image`],
};

/** containers/image's client. */
export const skopeoPush: Contestant = {
  name: 'skopeo copy',
  settings: 'to distribution on the same store; in a mount namespace of its own',
  needs: ['skopeo', 'distribution'],
  command: (stage) => skopeo(stage, '--dest-tls-verify=false', stage.image.source, `docker://${reference(stage)}`),
};

/** The same, from a registry. */
export const skopeoPull: Contestant = {
  name: 'skopeo copy',
  settings: 'from distribution, which redirects to the same store, into an OCI layout; in a mount namespace of its own',
  needs: ['skopeo', 'distribution'],
  command: (stage) => skopeo(stage, '--src-tls-verify=false', `docker://${reference(stage)}`, `oci:${stage.outputFolder}/image:latest`),
};
