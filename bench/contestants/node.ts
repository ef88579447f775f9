import type { Contestant } from './contestant.ts';

/** What every program on Node pays before its first line. */
export const nodeAlone: Contestant = {
  name: 'node -e 0',
  settings: 'nothing else',
  needs: [],
  command: () => [process.execPath, '-e', '0'],
};

/** The start of ours. */
export const bucketryVersion: Contestant = {
  name: 'bucketry --version',
  isOwn: true,
  settings: 'as built',
  needs: [],
  command: ({ built }) => [process.execPath, built.bucketry, '--version'],
};

/** The start of ours, with all of the help. */
export const bucketryHelp: Contestant = {
  name: 'bucketry --help',
  isOwn: true,
  settings: 'as built',
  needs: [],
  command: ({ built }) => [process.execPath, built.bucketry, '--help'],
};

/** The start of ours, until a store has answered. */
export const bucketryList: Contestant = {
  name: 'bucketry ls',
  isOwn: true,
  settings: 'as built; of an empty bucket, which is asked once',
  needs: [],
  command: ({ built, bucket, store }) => [process.execPath, built.bucketry, 'ls', `s3://${bucket}?endpoint=http://${store}`],
};
