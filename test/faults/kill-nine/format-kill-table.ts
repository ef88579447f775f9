import type { KillResult, KillRow } from './kill-results.ts';
import { killPhases } from './kill-round.ts';

/** Where the page, and the results that it shows, lie, seen from here. */
export const killTablePage: URL = new URL('../../../docs/kill-table.md', import.meta.url);
export const killResultsFile: URL = new URL('results.json', import.meta.url);

const introduction = `# Pushes killed at random moments

Written by \`npm run kill-nine\`. Every run of the tests kills some pushes anew (\`test/faults/kill-nine/\`).

The command line pushes an image into a bucket in which others lie already, and gets a SIGKILL at a random moment: mostly while layers are on their way, else near the end; some are killed twice or three times. A *layout* has
three layers that nobody has yet, of 17 MiB (four parts of the published size), 1 MiB and 3 KB. An *archive* is one of \`docker save\`, with layers that are packed on the way. After each kill the bucket is read by code that is
not ours: whatever stands under a digest has it, every tag is whole, those of before name what they named. Then the same command runs again. It must end well; the bucket must hold to the format to the byte
(\`test/golden/verify.mjs\`); layers must unpack to what the config says; of a layout, every part that the store had acknowledged must have been kept, by the words of the command, by what the process wrote in all (the kernel's
count), and by there being no other upload. Where ETags tell nothing of a part, one that was acknowledged in the very moment of the kill is not in the journal yet, and is sent again. In the end \`rm --uploads\` must leave no temporary file, no unfinished upload and no staged
object.
`;

const ending = `A directory also writes what it reads again when it puts parts together of which one was begun by a process that died. The large layer of an archive has no name before it is packed, so its parts are sent again.
*Orphans* are uploads that were begun in the very moment of a kill, on a store that tells uploads of single keys only: they are known to nobody, and end with the store's own rule.
`;

/** The page of the last run against each store. */
export function formatKillTable(results: readonly KillResult[]): string {
  const header = [
    'store',
    'source',
    'kills',
    ...killPhases,
    'pushes ended',
    'MiB not there yet',
    'of them acknowledged',
    'MiB written to end them',
    'violations',
  ];
  const rows = results.flatMap(({ store, rows: ownRows }) =>
    ownRows.filter(({ pushes }) => pushes > 0).map((row) => formatRow(store, row)),
  );
  const kills = results.flatMap(({ rows: ownRows }) => ownRows).reduce((sum, row) => sum + row.kills, 0);
  return [
    introduction,
    [header, header.map(() => '---'), ...rows].map((columns) => `| ${columns.join(' | ')} |`).join('\n'),
    `\n${kills} kills. ${results.map(describeRun).join(' ')}\n`,
    ending,
  ].join('\n');
}

function formatRow(store: string, row: KillRow): (string | number)[] {
  const { source, kills, phases, pushes, violations } = row;
  const mebibytes = (bytes: number | undefined): string => (bytes === undefined ? '–' : (bytes / 2 ** 20).toFixed(0));
  const isPacked = source === 'archive';
  return [
    store,
    source,
    kills,
    ...killPhases.map((phase) => phases[phase] ?? 0),
    pushes,
    isPacked ? '–' : mebibytes(row.missingBytes),
    isPacked ? '–' : mebibytes(row.keptBytes),
    mebibytes(row.writtenBytes),
    violations,
  ];
}

function describeRun({ store, date, seed, uploads, staged, orphans, left }: KillResult): string {
  return `${store}: ${date}, seed ${seed}; \`rm --uploads\` removed ${uploads} unfinished uploads and ${staged} staged objects; ${left} stayed that it should have found, and ${orphans} orphans.`;
}
