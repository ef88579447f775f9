import { peerPath } from '../../test/peers/peer-cache.ts';
import type { CommandLine } from '../../test/peers/namespace.ts';
import type { Contestant, Stage } from './contestant.ts';
import { s5cmdProgram } from './object-clients.ts';

/** go-containerregistry's way from a tar to a registry. */
export const craneAppend: Contestant = {
  name: 'crane append',
  settings: 'from the layer’s tar onto an empty image, pushed to distribution on the same store; packs with gzip on one processor',
  needs: ['crane', 'distribution'],
  command: ({ image, registry, repository }) => [
    peerPath('crane'),
    'append',
    '--insecure',
    '--new_layer',
    image.layerFiles[0],
    '--new_tag',
    `${registry}/${repository}:latest`,
  ],
};

/** What a shell does, at gzip's own level. */
export const pigzPipe: Contestant = pigzAt(6, 'pigz and s5cmd');

/** The same at our level. */
export const pigzPipeFast: Contestant = pigzAt(4, 'pigz -4 and s5cmd');

function pigzAt(level: number, name: string): Contestant {
  return {
    name,
    settings: `\`pigz -${level} <layer.tar | s5cmd pipe -c 32 -p 8\`; one object, nothing else: no digest`,
    needs: ['pigz', 's5cmd'],
    command: (stage) => pipe(stage, level),
  };
}

function pipe({ image, store, bucket, repository }: Stage, level: number): CommandLine {
  const script = 'pigz -c "-$1" <"$2" | "$3" --endpoint-url "$4" --log error pipe -c 32 -p 8 "$5"';
  const words = [String(level), image.layerFiles[0], s5cmdProgram(), `http://${store}`, `s3://${bucket}/${repository}/layer`];
  return ['/bin/sh', '-c', script, 'pipe', ...words];
}
