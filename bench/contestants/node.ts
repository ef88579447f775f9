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
