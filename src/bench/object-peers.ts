import type { Contestant, Stage } from './contestant.ts';

/** Where clients of S3 put the layer. */
export interface ObjectPeerOptions {
  /** `s3://BUCKET/KEY` of a run. */
  readonly locate: (stage: Stage) => string;
  readonly endpoint: string | undefined;
  readonly region: string;
  /** Credentials that the place has and those clients would not look for. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly remove: Contestant['remove'];
}

const omission = 'one object: no SHA-256 verified, no image written';

/** s5cmd, as it comes. */
export function createS5cmd(options: ObjectPeerOptions): Contestant {
  const { locate, remove } = options;
  return {
    name: 's5cmd',
    title: 's5cmd cp',
    way: 'object',
    settings: `s5cmd cp; ${omission}`,
    isOwn: false,
    command: (stage) => ['s5cmd', ...endpointArguments(options), '--log', 'error', 'cp', stage.image.layerFiles[0], locate(stage)],
    environment: () => environmentOf(options),
    remove,
  };
}

/** AWS's own, as it is configured. */
export function createAws(options: ObjectPeerOptions): Contestant {
  const { locate, remove } = options;
  return {
    name: 'aws',
    title: 'aws s3 cp',
    way: 'object',
    settings: `aws s3 cp; ${omission}`,
    isOwn: false,
    command: (stage) => ['aws', ...endpointArguments(options), 's3', 'cp', '--only-show-errors', stage.image.layerFiles[0], locate(stage)],
    environment: () => environmentOf(options),
    remove,
  };
}

function endpointArguments({ endpoint }: ObjectPeerOptions): readonly string[] {
  return endpoint === undefined ? [] : ['--endpoint-url', endpoint];
}

function environmentOf({ region, environment }: ObjectPeerOptions): Readonly<Record<string, string | undefined>> {
  return { AWS_REGION: region, AWS_DEFAULT_REGION: region, ...environment };
}
