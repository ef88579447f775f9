import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { styleText } from 'node:util';
import { RegistryError } from '../../errors/registry-error.ts';
import { type Command, defineCommand, type ResultDoc } from '../command.ts';
import { type DemoClient, type DemoOutcome, runDemo } from '../demo/run-demo.node.ts';
import { formatBytes } from '../output/format-quantity.ts';
import { formatRequest, type ServedRequest } from '../serve-bucket.node.ts';

/** The JSON result of `bucketry demo`. */
export interface DemoResult {
  readonly reference: string;
  readonly digest: string;
  readonly client: DemoClient;
  readonly executed: boolean;
  readonly requests: readonly ServedRequest[];
  readonly said: string;
}

const resultDoc: ResultDoc<DemoResult> = {
  reference: 'What was pulled.',
  digest: 'Digest of the image index.',
  client: 'Who pulled it: `podman`, `docker` or `bucketry`.',
  executed: "Whether the image's program ran; on machines that are not Linux, without a container client, its text is only shown.",
  requests: 'What the client asked the bucket for: `method`, `path`, `status`, `meaning`.',
  said: 'What the program printed.',
};

export const demo: Command = defineCommand({
  name: 'demo',
  doc: [
    'Shows an image pulled straight from a bucket: makes a bucket in a temporary folder, pushes a tiny image for two platforms into it, serves the folder as any file server would, and lets a container client pull and run the image from there. Needs no network, and leaves nothing behind.',
    'Without a container client that can run here, bucketry pulls and runs the image itself.',
  ],
  arguments: {},
  flags: {
    client: {
      kind: 'text',
      value: 'CLIENT',
      choices: ['auto', 'podman', 'docker', 'bucketry'],
      default: 'auto',
      doc: 'Who pulls and runs the image.',
    },
  },
  examples: ['bucketry demo', 'bucketry demo --client bucketry'],
  result: resultDoc,
  run: async ({ flags }, { environment, output, signal }) => {
    const folder = await mkdtemp(join(tmpdir(), 'bucketry-demo-'));
    let outcome: DemoOutcome;
    try {
      outcome = await runDemo({ folder, client: parseClient(flags.client), environment, signal });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    // Last of all: writing ends the process where nobody reads any more, and nothing is to be left behind.
    const { reference, pushed, client, isExecuted, requests, said } = outcome;
    const result: DemoResult = { reference, digest: pushed.root.digest, client, executed: isExecuted, requests, said };
    output.result(result, formatDemo(outcome));
  },
});

function parseClient(text: string): DemoClient | 'auto' {
  const client = (['auto', 'podman', 'docker', 'bucketry'] as const).find((name) => name === text);
  if (client) return client;
  throw new RegistryError('internal', `Cannot use ${JSON.stringify(text)} as a client`);
}

function formatDemo(outcome: DemoOutcome): string {
  const { folder, url, pushed, client, command, requests, said, isExecuted } = outcome;
  const { blobs, bytes } = pushed.summary;
  const log = requests.map((request) => indent(cutDigests(formatRequest(request)))).join('\n');
  return [
    formatStep(1, 'An image goes into a bucket', [
      folder,
      `linux/amd64 and linux/arm64, no base image: ${blobs} blobs, ${formatBytes(bytes)}`,
    ]),
    formatStep(2, 'The bucket is served as plain files', [url]),
    formatStep(3, `${client} pulls from there`, [`$ ${command}`]),
    log,
    formatStep(4, isExecuted ? 'and the image runs' : 'and the image would say, on Linux,', []),
    styleText('bold', said.trimEnd()),
    'No registry was running. Now with an image and a bucket of yours:',
    `  docker save IMAGE -o image.tar\n  bucketry push docker-archive:image.tar s3://BUCKET/NAME:TAG`,
  ].join('\n\n');
}

function formatStep(number: number, title: string, lines: readonly string[]): string {
  return [styleText('bold', `${number}  ${title}`), ...lines.map((line) => `   ${line}`)].join('\n');
}

/** Digests of 64 digits would break the lines of a terminal. */
function cutDigests(text: string): string {
  return text.replaceAll(/(sha256:[0-9a-f]{12})[0-9a-f]{52}/g, '$1…');
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '   ');
}
