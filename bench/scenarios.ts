import { bucketryPull, bucketryPush } from './contestants/bucketry.ts';
import type { Contestant } from './contestants/contestant.ts';
import { bucketryHelp, bucketryVersion, nodeAlone } from './contestants/node.ts';
import { awsGet, awsPut, curlGet, curlPut, s5cmdDefault, s5cmdGet, s5cmdTuned } from './contestants/object-clients.ts';
import { cranePull, cranePush, skopeoPull, skopeoPush } from './contestants/registry-clients.ts';
import type { ImageShape } from '../src/bench/made-image.ts';

/** One piece of work that contestants do in turn. */
export interface Scenario {
  readonly title: string;
  /** What is measured, and what its figures say and do not say. */
  readonly meaning: string;
  readonly image: ImageShape;
  /** `empty`: nothing is stored before a run. `pushed`: every contestant's own push was done once. */
  readonly stored: 'empty' | 'pushed';
  /** Whether the image's bytes go over the link in each run, so that a rate means something. */
  readonly moves: boolean;
  /** Ours first: the others are compared with it. */
  readonly contestants: readonly [Contestant, ...Contestant[]];
  /** Those whose push fills the store, where it is to be full; without any, the contestants themselves. */
  readonly filledBy?: readonly Contestant[] | undefined;
}

const mebibyte = 2 ** 20;
const pushers = [cranePush, skopeoPush, curlPut, s5cmdTuned, s5cmdDefault, awsPut] as const;

/** The name of a scenario, as the command line knows it. */
export type ScenarioName = 'push-198' | 'push-1g' | 'push-8x25' | 'repeat-12' | 'pull-198' | 'start';

/** All scenarios, in the order of the page. */
export const scenarios: Readonly<Record<ScenarioName, Scenario>> = {
  'push-198': {
    title: 'Push of an image with one layer of 198 MiB',
    meaning:
      'The whole process, from its start to its exit, of getting one layer that cannot be compressed into the same store. Registry clients and bucketry push an image; the others put one object.',
    image: { layers: 1, layerBytes: 198 * mebibyte, seed: 'push-198' },
    stored: 'empty',
    moves: true,
    contestants: [bucketryPush, ...pushers],
  },
  'push-1g': {
    title: 'Push of an image with one layer of 1 GiB',
    meaning: 'As above, with a layer that takes long enough for starts and ends not to matter.',
    image: { layers: 1, layerBytes: 1024 * mebibyte, seed: 'push-1g' },
    stored: 'empty',
    moves: true,
    contestants: [bucketryPush, cranePush, skopeoPush, s5cmdTuned],
  },
  'push-8x25': {
    title: 'Push of an image with 8 layers of 25 MiB',
    meaning: 'Registry clients send several layers at once, each over one connection.',
    image: { layers: 8, layerBytes: 25 * mebibyte, seed: 'push-8x25' },
    stored: 'empty',
    moves: true,
    contestants: [bucketryPush, cranePush, skopeoPush],
  },
  'repeat-12': {
    title: 'Push again of an unchanged image with 12 layers',
    meaning: 'Everything is there already: what is left are the start of the process and the requests that find that out.',
    image: { layers: 12, layerBytes: 2 * mebibyte, seed: 'repeat-12' },
    stored: 'pushed',
    moves: false,
    contestants: [bucketryPush, cranePush, skopeoPush, nodeAlone],
  },
  'pull-198': {
    title: 'Pull of an image with one layer of 198 MiB',
    meaning: 'The whole process, from its start to its exit, into a folder in memory.',
    image: { layers: 1, layerBytes: 198 * mebibyte, seed: 'pull-198' },
    stored: 'pushed',
    moves: true,
    filledBy: [bucketryPush, cranePush, curlPut],
    contestants: [bucketryPull, cranePull, skopeoPull, curlGet, s5cmdGet, awsGet],
  },
  start: {
    title: 'Start of the command line',
    meaning: 'What every command costs before it does anything.',
    image: { layers: 1, layerBytes: mebibyte, seed: 'start' },
    stored: 'empty',
    moves: false,
    contestants: [bucketryVersion, bucketryHelp, nodeAlone],
  },
};

/** Narrows a word of the command line. */
export function isScenarioName(word: string): word is ScenarioName {
  return Object.hasOwn(scenarios, word);
}
