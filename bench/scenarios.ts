import {
  bucketryPull,
  bucketryPush,
  bucketryPushOnce,
  bucketryPushTraced,
  bucketryPushUntraced,
  bucketryPushZstd,
} from './contestants/bucketry.ts';
import { dockerPush } from './contestants/docker.ts';
import { crtPut, engineAlone } from './contestants/engine.ts';
import { bucketryHelp, bucketryList, bucketryVersion, nodeAlone } from './contestants/node.ts';
import { awsGet, awsPut, awsPutDefault, curlPut, s5cmdDefault, s5cmdGet, s5cmdNear, s5cmdTuned } from './contestants/object-clients.ts';
import { craneAppend, pigzPipe, pigzPipeFast } from './contestants/packers.ts';
import { cranePull, cranePush, skopeoPull, skopeoPush } from './contestants/registry-clients.ts';
import { slowConnectionShape, standardShape } from './link/shapes.ts';
import type { Scenario } from './scenario.ts';

const mebibyte = 2 ** 20;
const gibibyte = 2 ** 30;

const onMinio = { store: 'minio', stored: 'empty', moves: true, isCounted: true } as const;
const overLink = { ...onMinio, link: standardShape } as const;
const intoSink = { ...onMinio, store: 'sink', isCounted: false } as const;
const layer198 = { kind: 'noise', layers: 1, layerBytes: 198 * mebibyte, seed: 'push-198' } as const;
const layer1g = { kind: 'noise', layers: 1, layerBytes: gibibyte, seed: 'push-1g' } as const;

/** The name of a scenario, as the command line knows it. */
export type ScenarioName =
  | 'push-198'
  | 'engine-198'
  | 'push-1g'
  | 'push-1g-local'
  | 'push-1g-sink'
  | 'push-8x25'
  | 'slow-connection'
  | 'push-10g'
  | 'pull-198'
  | 'pack-260'
  | 'repeat-12'
  | 'start'
  | 'trace-cost';

/** All scenarios, in the order of the page and of `--all`. */
export const scenarios: Readonly<Record<ScenarioName, Scenario>> = {
  'push-198': {
    ...overLink,
    title: 'Push of an image with one layer of 198 MiB',
    meaning:
      'The whole process, from its start to its exit, of getting an image with one layer that cannot be compressed into the same store.',
    limits:
      'A registry lies between its clients and the store, and on this machine takes of the same processors; s5cmd puts one object and nothing else. How fast a push to a hosted registry is depends on what one connection to it gives.',
    image: layer198,
    contestants: [bucketryPush, cranePush, skopeoPush, dockerPush, s5cmdTuned],
    targets: [
      { kind: 'as-fast-as', other: cranePush, atLeast: 9 },
      { kind: 'as-fast-as', other: skopeoPush, atLeast: 9 },
      { kind: 'as-fast-as', other: dockerPush, atLeast: 9 },
      { kind: 'as-fast-as', other: s5cmdTuned },
    ],
  },
  'engine-198': {
    ...overLink,
    title: 'The same layer as one object, by the engine alone',
    meaning: 'Nothing but sending the bytes, each with the settings that were best here and as it comes.',
    limits: 'Ours verifies size and digest before the object is visible, which the others do not; the starts of Node and of Python count.',
    image: layer198,
    contestants: [engineAlone, s5cmdTuned, s5cmdDefault, awsPut, awsPutDefault, crtPut, curlPut],
    seldom: [curlPut],
    targets: [
      { kind: 'as-fast-as', other: s5cmdTuned, atLeast: 1.25 },
      { kind: 'as-fast-as', other: s5cmdDefault, atLeast: 1.25 },
      { kind: 'as-fast-as', other: awsPut, atLeast: 1.25 },
      { kind: 'as-fast-as', other: crtPut, atLeast: 1.25 },
    ],
  },
  'push-1g': {
    ...overLink,
    title: 'Push of an image with one layer of 1 GiB',
    meaning: 'As with 198 MiB, with a layer that takes long enough for starts and ends not to matter.',
    limits: 'The registry’s clients are as slow as one connection of this link: another link gives another ratio.',
    image: layer1g,
    contestants: [bucketryPush, cranePush, dockerPush, s5cmdTuned],
    seldom: [cranePush, dockerPush],
    isCounted: false,
    targets: [
      { kind: 'as-fast-as', other: cranePush, atLeast: 14 },
      { kind: 'as-fast-as', other: dockerPush, atLeast: 14 },
      { kind: 'as-fast-as', other: s5cmdTuned, atLeast: 1.4 },
    ],
  },
  'push-1g-local': {
    ...onMinio,
    title: 'Push of the same image to MinIO beside it',
    meaning: 'No link: what is measured are processors, of which the store takes its part.',
    limits: 'Nobody’s bucket is on the same machine; this is what a push costs, not how long it takes.',
    image: layer1g,
    contestants: [bucketryPush, s5cmdTuned, s5cmdNear],
    isCounted: false,
    targets: [
      { kind: 'as-fast-as', other: s5cmdTuned, atLeast: 1.8 },
      { kind: 'as-fast-as', other: s5cmdNear, atLeast: 1.8 },
      { kind: 'processor', other: s5cmdTuned, atMost: 1 },
      { kind: 'processor', other: s5cmdNear, atMost: 1 },
    ],
  },
  'push-1g-sink': {
    ...intoSink,
    title: 'Push of the same image into a store that throws bytes away',
    meaning: 'Neither link nor store: how much a client can send, and what processor time that costs it.',
    limits: 'No store is as fast; and the sink has no opinion on what it gets.',
    image: layer1g,
    contestants: [bucketryPush, s5cmdTuned, s5cmdNear],
    targets: [
      { kind: 'as-fast-as', other: s5cmdTuned, atLeast: 1.8 },
      { kind: 'as-fast-as', other: s5cmdNear, atLeast: 1.8 },
      { kind: 'processor', other: s5cmdTuned, atMost: 1 },
      { kind: 'processor', other: s5cmdNear, atMost: 1 },
    ],
  },
  'push-8x25': {
    ...overLink,
    title: 'Push of an image with 8 layers of 25 MiB',
    meaning: 'Registry clients send several layers at once, each over one connection: the case that suits them.',
    limits: 'Images rarely have layers of one size; the largest one decides how long such clients take.',
    image: { kind: 'noise', layers: 8, layerBytes: 25 * mebibyte, seed: 'push-8x25' },
    contestants: [bucketryPush, cranePush],
    targets: [{ kind: 'as-fast-as', other: cranePush, atLeast: 3 }],
  },
  'slow-connection': {
    ...overLink,
    link: slowConnectionShape,
    title: 'Push over a link on which one connection in eight is five times slower',
    meaning: 'What sending late parts again, on another connection, gains: the same build with and without it.',
    limits: 'On real links the slow ones are other ones each time, and not five times slower exactly.',
    image: layer198,
    contestants: [bucketryPush, bucketryPushOnce],
    targets: [{ kind: 'as-fast-as', other: bucketryPushOnce, atLeast: 1.4 }],
  },
  'push-10g': {
    ...intoSink,
    title: 'Push of an image with one layer of 10 GiB into a store that throws bytes away',
    meaning: 'Whether memory stays within its bound and the rate is that of the beginning, however large a layer is.',
    limits: 'The layer is a file of holes, which is read faster than any disk; no link slows it down.',
    image: { kind: 'holes', bytes: 10 * gibibyte },
    contestants: [bucketryPush],
    mostRounds: 2,
    targets: [
      { kind: 'memory', atMostMib: 256 },
      { kind: 'pace', atLeast: 0.95 },
    ],
  },
  'pull-198': {
    ...overLink,
    title: 'Pull of an image with one layer of 198 MiB',
    meaning: 'The whole process, from its start to its exit, into a folder in memory.',
    limits: 'No layer is unpacked, which takes a container engine longer than this. The registry redirects its clients to the store.',
    image: { ...layer198, seed: 'pull-198' },
    stored: 'pushed',
    filledBy: [bucketryPush, cranePush, curlPut],
    contestants: [bucketryPull, cranePull, skopeoPull, s5cmdGet, awsGet],
    targets: [
      { kind: 'as-fast-as', other: cranePull, atLeast: 10 },
      { kind: 'as-fast-as', other: skopeoPull, atLeast: 10 },
      { kind: 'as-fast-as', other: s5cmdGet },
    ],
  },
  'pack-260': {
    ...overLink,
    title: 'Push of 260 MiB of files that arrive uncompressed',
    meaning: 'From a tar in memory to a compressed layer in the store: ours from an archive of `docker save`.',
    limits: 'Files of this project’s tools, which compress as such files do. MiB/s are those of the uncompressed tar.',
    image: { kind: 'files', bytes: 260 * mebibyte },
    contestants: [bucketryPush, bucketryPushZstd, craneAppend, pigzPipe, pigzPipeFast],
    isCounted: false,
    targets: [
      { kind: 'as-fast-as', other: craneAppend, atLeast: 2 },
      { kind: 'as-fast-as', other: pigzPipe, atLeast: 1.2 },
      { kind: 'as-fast-as', other: pigzPipeFast, atLeast: 1.2 },
    ],
  },
  'repeat-12': {
    ...overLink,
    title: 'Push again of an unchanged image with 12 layers',
    meaning: 'Everything is there already: what is left are the start of the process and the requests that find that out.',
    limits: 'Another round trip, another result: each request in sequence costs one.',
    image: { kind: 'noise', layers: 12, layerBytes: 2 * mebibyte, seed: 'repeat-12' },
    stored: 'pushed',
    moves: false,
    repeats: 2,
    contestants: [bucketryPush, cranePush, nodeAlone],
    targets: [
      { kind: 'as-fast-as', other: cranePush },
      { kind: 'as-fast-without-start', other: cranePush, start: nodeAlone },
    ],
  },
  start: {
    ...onMinio,
    title: 'Start of the command line',
    meaning: 'What every command costs before it does anything, and what one costs that asks a store beside it for something.',
    limits: 'All files are in the page cache.',
    image: { kind: 'noise', layers: 1, layerBytes: mebibyte, seed: 'start' },
    moves: false,
    isCounted: false,
    repeats: 4,
    contestants: [bucketryVersion, bucketryHelp, bucketryList, nodeAlone],
    targets: [{ kind: 'over', other: nodeAlone, atMostMs: 60 }],
  },
  'trace-cost': {
    ...intoSink,
    title: 'What telling where the time goes costs',
    meaning:
      'The same push into the store that throws bytes away: with trace points that nobody listens to, in a build without any, and with all of them recorded.',
    limits:
      'The build without trace points still calls the functions that would look whether anyone listens. Differences below the spread of one’s own runs are none.',
    image: layer198,
    repeats: 2,
    contestants: [bucketryPush, bucketryPushUntraced, bucketryPushTraced],
    targets: [
      { kind: 'processor', other: bucketryPushUntraced },
      { kind: 'as-fast-as', other: bucketryPushUntraced },
    ],
  },
};

/** Narrows a word of the command line. */
export function isScenarioName(word: string): word is ScenarioName {
  return Object.hasOwn(scenarios, word);
}
