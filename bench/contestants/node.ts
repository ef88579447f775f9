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
  settings: 'as built',
  needs: [],
  command: ({ bucketry }) => [process.execPath, bucketry, '--version'],
};

/** The start of ours, with all of the help. */
export const bucketryHelp: Contestant = {
  name: 'bucketry --help',
  settings: 'as built',
  needs: [],
  command: ({ bucketry }) => [process.execPath, bucketry, '--help'],
};
