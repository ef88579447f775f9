import type { CommandLine, Contestant, Stage } from './contestant.ts';
import { bucketOf, layoutOf } from './own-contestants.ts';

/** Where other clients push images. */
export interface RegistryPeerOptions {
  readonly bucketry: CommandLine;
  /** `HOST/NAME:TAG` of a run. */
  readonly refer: (stage: Stage) => string;
  /** The registry speaks no TLS, or its certificate is not to be verified. */
  readonly isInsecure: boolean;
  readonly remove: Contestant['remove'];
}

/** go-containerregistry's client. */
export function createCrane({ refer, isInsecure, remove }: RegistryPeerOptions): Contestant {
  const insecure = isInsecure ? ['--insecure'] : [];
  return {
    name: 'crane',
    title: 'registry push by crane',
    way: 'registry',
    settings: 'crane push',
    isOwn: false,
    command: (stage) => ['crane', 'push', ...insecure, stage.image.folder, refer(stage)],
    remove,
  };
}

/** containers/image's client. Which images it may copy is the user's policy, which need not be there: this image is ours. */
export function createSkopeo({ refer, isInsecure, remove }: RegistryPeerOptions): Contestant {
  const insecure = isInsecure ? ['--dest-tls-verify=false'] : [];
  return {
    name: 'skopeo',
    title: 'registry push by skopeo',
    way: 'registry',
    settings: 'skopeo copy',
    isOwn: false,
    command: (stage) => ['skopeo', '--insecure-policy', 'copy', '--quiet', ...insecure, layoutOf(stage), `docker://${refer(stage)}`],
    remove,
  };
}

/** Docker, from its own store into which the image is loaded before. */
export function createDocker({ bucketry, refer, remove }: RegistryPeerOptions): Contestant {
  const archiveOf = ({ folder }: Stage): string => `${folder}/image.tar`;
  return {
    name: 'docker',
    title: 'registry push by docker',
    way: 'registry',
    settings: 'docker push, after docker load; its daemon does the work, whose CPU and memory are not told, and may compress layers again',
    isOwn: false,
    hasDaemon: true,
    prepare: (stage) => [
      [...bucketry, 'push', '--quiet', layoutOf(stage), bucketOf(stage)],
      [...bucketry, 'pull', '--quiet', bucketOf(stage), `docker-archive:${archiveOf(stage)}:${refer(stage)}`],
      ['docker', 'load', '--quiet', '--input', archiveOf(stage)],
    ],
    command: (stage) => ['docker', 'push', '--quiet', refer(stage)],
    putBack: (stage) => [['docker', 'image', 'rm', '--force', refer(stage)]],
    remove,
  };
}
