import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { peerPath } from '../../test/peers/peer-cache.ts';
import type { Contestant } from './contestant.ts';

const crtProgram = fileURLToPath(new URL('../engine/crt-put.py', import.meta.url));
const mebibyte = 2 ** 20;
/** The CRT opens connections by how much it is told to reach: for this, enough for all parts at once. */
const crtTarget = 10 * 125_000_000;

/** Our engine, without all that an image needs. */
export const engineAlone: Contestant = {
  name: 'our engine',
  settings: 'a Node program that sends one blob of known digest by the library, as it comes; digest and size verified',
  needs: [],
  isOwn: true,
  command: ({ built, image, bucket, repository }) => [
    process.execPath,
    built.sendBlob,
    image.layerFiles[0],
    `sha256:${basename(image.layerFiles[0])}`,
    bucket,
    repository,
  ],
};

/** AWS's engine in C, which its own command line uses on some machines only. */
export const crtPut: Contestant = {
  name: 'AWS CRT',
  settings: '`s3transfer.crt` from Python, parts of 8 MiB, 10 Gbit/s aimed at; one object, nothing else',
  needs: ['awscrt'],
  command: ({ image, bucket, repository }) => [
    peerPath('awscrt'),
    crtProgram,
    image.layerFiles[0],
    bucket,
    `${repository}/layer`,
    String(8 * mebibyte),
    String(crtTarget),
  ],
};
