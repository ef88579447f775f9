import { parseArgs } from 'node:util';
import { explainNoLink } from './link/link-support.ts';
import { isScenarioName, scenarios } from './scenarios.ts';
import type { ScenarioName } from './scenarios.ts';

/** How to call the bench. */
export const usage: string = `Usage: npm run bench -- [--all | --scenario NAME…] [--rounds N] [--shaped | --unshaped] [--first] [--json FILE]
       npm run bench -- --scenario NAME --requests    lists the requests of bucketry, each with its times, instead of measuring
       npm run bench -- --page                        writes docs/performance.md anew from the results that were kept
Scenarios: ${Object.keys(scenarios).join(', ')}
--first lets the bench come before everything else that runs on the machine. --json appends a line for each scenario.
With fewer than 5 rounds nothing is kept, and nothing is written to docs/performance.md.`;

/** With fewer rounds no figure is kept. */
export const leastRounds = 5;

/** What was asked for. */
export interface Settings {
  readonly names: readonly ScenarioName[];
  readonly rounds: number;
  /** Why no link lies between clients and servers, where one should; undefined where it does. */
  readonly unshapedReason: string | undefined;
  readonly isFirst: boolean;
  readonly isTrace: boolean;
  readonly isPage: boolean;
  readonly jsonFile: string | undefined;
}

/** What was typed is wrong: the usage helps. */
export class UsageError extends Error {}

/** Reads the command line. @throws UsageError, and TypeError with a code for flags that there are not */
export function parseSettings(args: readonly string[]): Settings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      scenario: { type: 'string', multiple: true, default: [] },
      all: { type: 'boolean', default: false },
      rounds: { type: 'string', default: String(leastRounds) },
      shaped: { type: 'boolean', default: false },
      unshaped: { type: 'boolean', default: false },
      first: { type: 'boolean', default: false },
      requests: { type: 'boolean', default: false },
      page: { type: 'boolean', default: false },
      json: { type: 'string' },
    },
  });
  const names = chooseScenarios(values.all ? Object.keys(scenarios) : values.scenario);
  if (names.length === 0 && !values.page) throw new UsageError('Nothing to measure: --scenario NAME, or --all');
  const rounds = Number(values.rounds);
  if (!Number.isSafeInteger(rounds) || rounds < 1) throw new UsageError(`--rounds ${values.rounds}: a number from 1 on wanted`);
  if (values.shaped && values.unshaped) throw new UsageError('--shaped and --unshaped exclude each other');
  const unshapedReason = values.unshaped ? '--unshaped was asked for' : explainNoLink();
  if (unshapedReason !== undefined && values.shaped) throw new UsageError(`Cannot measure --shaped: ${unshapedReason}`);
  return {
    names,
    rounds,
    unshapedReason,
    isFirst: values.first,
    isTrace: values.requests,
    isPage: values.page,
    jsonFile: values.json,
  };
}

function chooseScenarios(words: readonly string[]): readonly ScenarioName[] {
  const unknown = words.find((word) => !isScenarioName(word));
  if (unknown !== undefined) throw new UsageError(`There is no scenario "${unknown}"`);
  return words.filter(isScenarioName);
}
