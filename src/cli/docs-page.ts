import { bucketErrorCodes, registryErrorCodes } from '../errors/codes.ts';
import type { Command } from './command.ts';
import { environmentDoc } from './environment.ts';
import { exitClasses, exitClassOf } from './exit-codes.ts';
import { type Flags, globalFlags } from './flags.ts';
import { formatFlagDoc, formatFlagName, formatUsage, groupFlags } from './help.ts';
import { placesDoc } from './places-doc.ts';

/** A command with its summary of the list of commands. */
export interface DocumentedCommand {
  readonly summary: string;
  readonly command: Command;
}

/** `docs/cli.md`, made of the data that parses the command line. */
export function formatDocsPage(commands: readonly DocumentedCommand[]): string {
  return `${[
    '# The command line',
    '<!-- Made by `npm run docs` from src/cli: do not edit. -->',
    'Results go to standard output, progress and notes to standard error. On a terminal, progress is shown as bars; elsewhere as plain lines.',
    formatTable(
      ['command', 'what it does'],
      commands.map(({ summary, command: { name } }) => [`[\`${name}\`](#bucketry-${name})`, summary]),
    ),
    placesDoc,
    '## Flags of every command',
    formatFlagTable(globalFlags),
    ...commands.map(({ command }) => formatCommand(command)),
    '## Exit codes',
    'A script may rely on these. `error.code` of the JSON error tells more.',
    formatExitCodes(),
    '## Environment',
    formatTable(
      ['variable', 'meaning'],
      Object.entries(environmentDoc).map(([name, doc]) => [`\`${name}\``, doc]),
    ),
    '## Configuration',
    'One file, `$XDG_CONFIG_HOME/bucketry/config.json` (`~/.config/bucketry/config.json`), of which everything may be left out:',
    '```json\n{ "bucket": "s3://my-bucket" }\n```',
    '`bucket` is where references without a bucket go, after `--bucket` and `BUCKETRY_BUCKET`. With none of them it is the directory bucket `./.bucketry/bucket`.',
  ].join('\n\n')}\n`;
}

function formatCommand(command: Command): string {
  const args = Object.values(command.arguments).map(({ value, doc }) => [`\`${value}\``, doc]);
  return [
    `## bucketry ${command.name}`,
    `\`\`\`\n${formatUsage(command)}\n\`\`\``,
    ...command.doc,
    ...(args.length === 0 ? [] : [formatTable(['argument', 'meaning'], args)]),
    ...groupFlags(command.flags).map(({ group, flags }) => `**${group}**\n\n${formatFlagTable(flags)}`),
    ...(command.examples.length === 0 ? [] : [`\`\`\`sh\n${command.examples.join('\n')}\n\`\`\``]),
    '**Result with `--json`**',
    formatTable(
      ['member', 'meaning'],
      Object.entries(command.result).map(([name, doc]) => [`\`${name}\``, doc]),
    ),
  ].join('\n\n');
}

function formatFlagTable(flags: Flags): string {
  return formatTable(
    ['flag', 'meaning'],
    Object.entries(flags).map(([name, flag]) => [`\`${formatFlagName(name, flag)}\``, formatFlagDoc(flag)]),
  );
}

function formatExitCodes(): string {
  const codes = [...bucketErrorCodes, ...registryErrorCodes];
  const rows = Object.entries(exitClasses).map(([name, { exitCode, doc }]) => [
    String(exitCode),
    doc,
    codes
      .filter((code) => exitClassOf[code] === name)
      .map((code) => `\`${code}\``)
      .join(', '),
  ]);
  return formatTable(['exit code', 'meaning', 'codes'], [['0', 'Done.', ''], ...rows]);
}

function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
