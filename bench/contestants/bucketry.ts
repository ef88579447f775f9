import type { Variant } from '../build-package.ts';
import type { Contestant, Stage } from './contestant.ts';

const place = ({ store, bucket, repository }: Stage): string => `s3://${bucket}/${repository}:latest?endpoint=http://${store}`;
const own = { needs: [], isOwn: true } as const;

/** Ours. */
export const bucketryPush: Contestant = {
  ...own,
  name: 'bucketry push',
  settings: 'as it comes: digest and size verified, manifest, tag, referrers and list written',
  command: (stage) => [process.execPath, stage.built.bucketry, 'push', stage.image.source, place(stage)],
};

/** Ours, faster and smaller, for clients that can read it. */
export const bucketryPushZstd: Contestant = {
  ...bucketryPush,
  name: 'bucketry push, zstd',
  settings: '`--compression zstd`, which Docker reads from version 23 on',
  command: (stage) => [process.execPath, stage.built.bucketry, 'push', '--compression', 'zstd', stage.image.source, place(stage)],
};

/** Ours, telling where the time went. */
export const bucketryPushTraced: Contestant = {
  ...bucketryPush,
  name: 'bucketry push --trace',
  settings: 'every span recorded, and written to a file at the end',
  command: (stage) => [
    process.execPath,
    stage.built.bucketry,
    'push',
    '--trace',
    `${stage.outputFolder}/trace.json`,
    stage.image.source,
    place(stage),
  ],
};

/** Ours, sending each part once. */
export const bucketryPushOnce: Contestant = variantOf(
  'without-resending',
  'without re-sending',
  'a build in which late parts are waited for, not sent again',
);

/** Ours, built without trace points. */
export const bucketryPushUntraced: Contestant = variantOf(
  'without-trace',
  'without trace points',
  'a build in which nothing is told to tracing channels, and nobody looks whether anyone listens',
);

function variantOf(variant: Variant, name: string, settings: string): Contestant {
  return {
    ...bucketryPush,
    name,
    settings,
    command: (stage) => [process.execPath, stage.built.variants[variant], 'push', stage.image.source, place(stage)],
  };
}

/** Ours, from the bucket. */
export const bucketryPull: Contestant = {
  ...own,
  name: 'bucketry pull',
  settings: 'as it comes, into an OCI layout; digest and size verified',
  command: (stage) => [process.execPath, stage.built.bucketry, 'pull', place(stage), `oci:${stage.outputFolder}/image:latest`],
};
