import { BY_DIGEST, BY_TAG } from './image-ways.ts';
import { CLIENT_NAMES, CLIENTS } from './matrix.ts';
import type { ClientName, Results } from './matrix.ts';
import { PLACE_NAMES, PLACES } from './place.ts';
import { REASONS } from './refusal.ts';

const INTRODUCTION = `# Which clients can pull from where

<!-- Made by \`npm run compatibility\` from test/interop: do not edit. -->

Real clients were asked for images that bucketry had pushed, and every cell is what happened: \`ok\`, or a short word that is explained below. \`ok\` means more than that a command ended well:
a client that copies wrote every manifest, config and layer of the image, byte for byte; a container engine recorded the digest that was pushed, and the image's program printed what it should.
No image has a layer in common with one pulled before.

In none of these places is there a registry: they are stores and file servers, which answer GET and HEAD with what lies under a key. The tests ask all this anew and fail where an answer has changed.

**The places**`;

/** `docs/compatibility.md`, whole. */
export function formatCompatibility({ clients, versions }: Results): string {
  const sections = [
    INTRODUCTION,
    PLACE_NAMES.map((name) => `- **${name}**: ${PLACES[name]}`).join('\n'),
    '## An image for two platforms, by tag and by digest',
    formatCells(clients, (title) => title === BY_TAG || title === BY_DIGEST),
    '## Other images, and other questions',
    formatCells(clients, (title) => title !== BY_TAG && title !== BY_DIGEST),
    '## Where it is not `ok`',
    formatReasons(clients),
    '## What each client asks for',
    'When it pulls an image for two platforms by its tag, each kind of request where it comes first, at `bucketry serve --static`:',
    formatTable(
      ['client', 'requests'],
      CLIENT_NAMES.map((name) => [CLIENTS[name].title, clients[name].requests.map((words) => `\`${words}\``).join(', ')]),
    ),
    '## Versions',
    formatTable(['client or server', 'version'], Object.entries(versions)),
  ];
  return `${sections.join('\n\n')}\n`;
}

function formatCells(clients: Results['clients'], isWanted: (title: string) => boolean): string {
  const rows = CLIENT_NAMES.flatMap((name) =>
    listTitles(clients, name)
      .filter(isWanted)
      .map((title) => [CLIENTS[name].title, title, ...PLACE_NAMES.map((place) => clients[name].columns[place][title] ?? '')]),
  );
  return formatTable(['client', 'what', ...PLACE_NAMES], rows);
}

/** Only the reasons that were met, each with the clients that met it. */
function formatReasons(clients: Results['clients']): string {
  const lines = REASONS.flatMap(({ word, explanation }) => {
    const met = CLIENT_NAMES.filter((name) => Object.values(clients[name].columns).some((column) => Object.values(column).includes(word)));
    return met.length === 0 ? [] : [`- **${word}** (${met.join(', ')}): ${explanation}`];
  });
  return lines.length === 0 ? 'Nowhere.' : lines.join('\n');
}

function listTitles(clients: Results['clients'], name: ClientName): readonly string[] {
  return [...new Set(PLACE_NAMES.flatMap((place) => Object.keys(clients[name].columns[place])))];
}

function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
