import { arch, availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { type BenchFrame, type BenchResult, createBenchResult } from '../../bench/bench-result.ts';
import { formatPage } from '../../bench/format-page.ts';
import { formatResult, formatResultPlot } from '../../bench/format-result.ts';
import { leastLayerBytes } from '../../bench/make-image.node.ts';
import { explainUsage } from '../../bench/process-usage.node.ts';
import { RegistryError } from '../../errors/registry-error.ts';
import { resolveBucket } from '../../runtime/resolve-place.node.ts';
import { formatPlace } from '../../transports/place.ts';
import { parsePeers, parseRegistryRepository, peerNames } from '../bench/bench-places.ts';
import { openField } from '../bench/open-field.node.ts';
import { announceBench, runField } from '../bench/run-field.node.ts';
import { checkReportFolders, writeReport } from '../bench/write-reports.node.ts';
import { type Command, defineCommand, type ResultDoc } from '../command.ts';
import { connectionFlags, readConnectionFlags } from '../connection-flags.ts';
import type { FlagValues } from '../flags.ts';
import { formatBytes } from '../output/format-quantity.ts';
import { parseBytes } from '../parse-bytes.ts';
import { bucketFlag } from '../shared-flags.ts';

const resultDoc: ResultDoc<BenchResult> = {
  date: 'When it began.',
  bucket: 'The bucket.',
  registry: 'The repository of the registry; absent without one.',
  layers: 'Layers of the image.',
  bytes: 'Bytes of all layers: what each run sends.',
  rounds: 'How often each contestant was to run.',
  machine: 'Processors, memory, system and Node.',
  load: '`before`: processes that wanted a processor in the minute before it began (0 where the system does not tell); `processors`: how many there are. With fewer, times say little.',
  measuredBy: 'How processor time and memory were found out, or why they are absent.',
  contestants:
    'Each with `name`, `title`, `way` (`registry`, `bucket` or `object`), `settings`, `isOwn`, `runs` (`seconds`, `cpuSeconds`, `peakBytes`), `summary` (`seconds` and `mibPerSecond`, each `min`, `median`, `max`; `cpuSecondsPerGib`; `peakBytes`; absent where no run ended well) and `failure` (absent where all did). What nobody can tell is null.',
  comparisons:
    'The parallel push into the bucket against each other contestant: `with`, `ratio` (2: twice as fast), `low` and `high` (95 % of resampled ratios lie between), `verdict` (`faster`, `slower`, `within noise`, `too few runs`).',
  skipped: 'Peers that were asked for and could not take part: `name`, `reason`.',
  leftovers: 'What could not be removed again, and why.',
};

const mostLayerBytes = 64 * 2 ** 30;

export const bench: Command = defineCommand({
  name: 'bench',
  doc: [
    'Measures how long an image takes into a registry and into a bucket: over one connection, and over many. Makes layers that cannot be compressed, of new bytes for each run, lets the contestants push them in turn (another order each round, each a process of its own, from its start to its exit), and removes what they have sent. Without `--registry` only the bucket is measured.',
    'It says before it begins how much it sends. In the bucket it uses a repository of its own and removes exactly that; from the registry it deletes its tags, manifests and blobs where the registry lets it, and else names what is still there. Logins are those of each tool.',
  ],
  arguments: {},
  flags: {
    bucket: { ...bucketFlag, doc: 'The bucket to push to, such as `s3://my-bucket` or `file:./bucket`; the default one if left out.' },
    registry: {
      kind: 'text',
      value: 'HOST/NAME',
      group: 'Where',
      doc: 'Repository of a registry to push to as well, under tags of its own.',
    },
    ...connectionFlags,
    size: { kind: 'text', value: 'BYTES', default: '198MiB', doc: 'Size of each layer.' },
    layers: { kind: 'integer', value: 'N', range: [1, 64], default: 1, doc: 'Layers of the image.' },
    runs: {
      kind: 'integer',
      value: 'N',
      range: [1, 100],
      default: 5,
      doc: 'Runs of each contestant; from 3 on differences can be told from noise.',
    },
    peers: {
      kind: 'list',
      value: 'PEER',
      doc: `Other programs to measure as well, where they are on PATH: ${peerNames.join(', ')}. The last two send the layer as one object, which writes no image and verifies no SHA-256.`,
    },
    svg: { kind: 'text', value: 'FILE', group: 'Output', doc: 'Write a plot to this file.' },
    html: {
      kind: 'text',
      value: 'FILE',
      group: 'Output',
      doc: 'Write a page with the plot and the tables to this file; it loads nothing from anywhere.',
    },
  },
  examples: [
    'bucketry bench --bucket s3://my-bucket --registry registry.example.com/bench',
    'bucketry bench --bucket s3://my-bucket --registry localhost:5000/bench --size 32MiB --runs 3 --peers crane,s5cmd --html bench.html',
  ],
  result: resultDoc,
  run: async ({ flags }, context) => {
    const { environment, output, signal } = context;
    const connection = readConnectionFlags(flags, context);
    const layerBytes = parseBytes('size', flags.size, { least: leastLayerBytes, most: mostLayerBytes });
    const registry = flags.registry === undefined ? undefined : parseRegistryRepository(flags.registry);
    const peers = parsePeers(flags.peers);
    await checkReportFolders(flags);
    const place = await resolveBucket(flags.bucket, { environment });
    const id = crypto.randomUUID().slice(0, 8);
    const { layers, runs } = flags;
    const field = await openField(
      { address: place.address, registry, peers, layers, id, environment, connection, connectionWords: formatConnectionFlags(flags) },
      signal,
    );
    const frame: BenchFrame = {
      date: new Date().toISOString(),
      bucket: formatPlace(place),
      registry: registry && `${registry.host}/${registry.name}`,
      layers,
      bytes: layers * layerBytes,
      rounds: runs,
      machine: describeMachine(),
      load: { before: loadavg()[0] ?? 0, processors: availableParallelism() },
      measuredBy: explainUsage(),
      skipped: field.skipped,
    };
    const work = { field, frame, layerBytes, id };
    announceBench(work, output);
    const { runs: done, leftovers } = await runField(work, context);
    const result = createBenchResult(frame, field.contestants, done, leftovers);
    // Before what may fail: it took long.
    output.result(result, formatResult(result));
    await writeReport(flags.svg, () => formatResultPlot(result));
    await writeReport(flags.html, () => formatPage(result));
    if (done.every((run) => run.result.kind === 'failed')) throw new RegistryError('input-invalid', 'Cannot compare: no run ended well');
  },
});

/** The flags of connections once more, for those that bucketry starts itself. */
function formatConnectionFlags({ 'ca-file': file, insecure }: FlagValues<typeof connectionFlags>): readonly string[] {
  return [...(file === undefined ? [] : ['--ca-file', file]), ...(insecure ? ['--insecure'] : [])];
}

function describeMachine(): string {
  const processors = cpus();
  const memory = formatBytes(totalmem());
  return `${processors.length} × ${processors[0]?.model ?? 'unknown'}, ${memory}, ${process.platform} ${release()} ${arch()}, Node ${process.version}`;
}
