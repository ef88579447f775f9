import type { Contestant, Stage } from './contestant.ts';

const place = ({ store, bucket, repository }: Stage): string => `s3://${bucket}/${repository}:latest?endpoint=http://${store}`;
const layout = ({ image }: Stage): string => `oci:${image.folder}:${image.tag}`;

/** Ours. */
export const bucketryPush: Contestant = {
  name: 'bucketry push',
  settings:
    'as it comes, into a bucket that `bucketry init` made ready: digest and size verified, manifest, tag, referrers and list written',
  needs: [],
  command: (stage) => [process.execPath, stage.bucketry, 'push', layout(stage), place(stage)],
};

/** Ours, from the bucket. */
export const bucketryPull: Contestant = {
  name: 'bucketry pull',
  settings: 'as it comes, into an OCI layout; digest and size verified',
  needs: [],
  command: (stage) => [process.execPath, stage.bucketry, 'pull', place(stage), `oci:${stage.outputFolder}/image:latest`],
};
