import type { CommandLine, Contestant, Stage } from './contestant.ts';

/** How bucketry itself is started. */
export interface OwnOptions {
  readonly bucketry: CommandLine;
  /** Flags for its connections. */
  readonly connection: readonly string[];
  /** The name of the place that a run pushes to. */
  readonly locate: (stage: Stage) => string;
  readonly remove: Contestant['remove'];
}

/** Bucketry pushing to the bucket, over one connection. */
export function createSequentialPush({ bucketry, connection, locate, remove }: OwnOptions): Contestant {
  return {
    name: 'bucket-sequential',
    title: 'bucket, one connection',
    way: 'bucket',
    settings: 'bucketry push --max-connections 1',
    isOwn: true,
    environment: keepState,
    command: (stage) => [...bucketry, 'push', '--quiet', ...connection, '--max-connections', '1', layoutOf(stage), locate(stage)],
    remove,
  };
}

/** Bucketry pushing to the bucket, as it comes. */
export function createParallelPush({ bucketry, connection, locate, remove }: OwnOptions): Contestant {
  return {
    name: 'bucket-parallel',
    title: 'bucket, parallel',
    way: 'bucket',
    settings: 'bucketry push, as it comes',
    isOwn: true,
    environment: keepState,
    command: (stage) => [...bucketry, 'push', '--quiet', ...connection, layoutOf(stage), locate(stage)],
    remove,
  };
}

/** Bucketry pushing to the registry, from a directory bucket: one stream a layer, as registries take it. */
export function createRegistryPush({ bucketry, connection, locate, remove }: OwnOptions): Contestant {
  return {
    name: 'registry-push',
    title: 'registry push',
    way: 'registry',
    settings: 'bucketry pull file:… docker://…',
    isOwn: true,
    environment: keepState,
    prepare: (stage) => [[...bucketry, 'push', '--quiet', layoutOf(stage), bucketOf(stage)]],
    command: (stage) => [...bucketry, 'pull', '--quiet', ...connection, bucketOf(stage), locate(stage)],
    remove,
  };
}

/** What bucketry notes of uploads, to go on with after a break, goes with the run. */
function keepState({ folder }: Stage): Readonly<Record<string, string>> {
  return { XDG_STATE_HOME: `${folder}/state` };
}

/** The image as all of them read it. */
export function layoutOf({ image }: Stage): string {
  return `oci:${image.folder}:${image.tag}`;
}

/** A directory bucket of the run's own, for what reads from a bucket. */
export function bucketOf({ folder, image }: Stage): string {
  return `file:${folder}/bucket//image:${image.tag}`;
}
