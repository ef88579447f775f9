import { summarize } from '../../src/bench/statistics.ts';
import type { Contestant } from '../contestants/contestant.ts';
import type { ContestantResult, Run, ScenarioResult } from '../results.ts';
import type { Target } from '../targets.ts';

/** How ours did by one target. */
export interface Judgement {
  /** What was found, as a sentence without its end. */
  readonly found: string;
  /** What was wanted; undefined where nothing was. */
  readonly wanted?: string | undefined;
  readonly isReached?: boolean | undefined;
}

const mebibyte = 2 ** 20;

/** Holds a result to a target. @returns undefined where whom it speaks of did not take part */
export function judgeTarget(target: Target, { contestants }: ScenarioResult): Judgement | undefined {
  const [own] = contestants;
  const find = ({ name }: Contestant): ContestantResult | undefined =>
    contestants.find((each) => each.name === name && each.runs.length > 0);
  if (own === undefined) return undefined;
  switch (target.kind) {
    case 'memory':
      return judgeMemory(own, target.atMostMib);
    case 'pace':
      return judgePace(own, target.atLeast);
    case 'as-fast-without-start': {
      const [other, start] = [find(target.other), find(target.start)];
      return other && start && judgeWithoutStart(own, other, start, target.atLeast);
    }
    case 'as-fast-as':
    case 'over':
    case 'processor': {
      const other = find(target.other);
      return other && compareWith(target, own, other);
    }
    default:
      return target satisfies never;
  }
}

/** A judgement as a line of Markdown. */
export function formatJudgement({ found, wanted, isReached }: Judgement): string {
  if (wanted === undefined) return `- ${found}.`;
  return `- ${found}; ${wanted} wanted: ${isReached === true ? 'reached' : '**not reached**'}.`;
}

function compareWith(
  target: Extract<Target, { kind: 'as-fast-as' | 'over' | 'processor' }>,
  own: ContestantResult,
  other: ContestantResult,
): Judgement {
  switch (target.kind) {
    case 'as-fast-as': {
      const ratio = medianOf(other, wallMs) / medianOf(own, wallMs);
      return atLeast(`${own.name} was ${formatRatio(ratio)} × as fast as ${other.name}`, ratio, target.atLeast, ' ×');
    }
    case 'processor': {
      const ratio = medianOf(own, cpuMs) / medianOf(other, cpuMs);
      return atMost(`${own.name} took ${formatRatio(ratio)} × the processor time of ${other.name}`, ratio, target.atMost, ' ×');
    }
    case 'over': {
      const over = medianOf(own, wallMs) - medianOf(other, wallMs);
      return atMost(`${own.name} took ${over.toFixed(0)} ms more than ${other.name}`, over, target.atMostMs, ' ms');
    }
    default:
      return target satisfies never;
  }
}

function judgeWithoutStart(own: ContestantResult, other: ContestantResult, start: ContestantResult, wanted: number | undefined): Judgement {
  const left = medianOf(own, wallMs) - medianOf(start, wallMs);
  const ratio = medianOf(other, wallMs) / left;
  const found = `Without the ${medianOf(start, wallMs).toFixed(0)} ms of ${start.name}, ${own.name} took ${left.toFixed(0)} ms: ${formatRatio(ratio)} × as fast as ${other.name}`;
  return atLeast(found, ratio, wanted, ' ×');
}

function judgeMemory({ name, runs }: ContestantResult, wanted: number | undefined): Judgement {
  const peak = summarize(runs.map(({ peakBytes }) => peakBytes / mebibyte)).max;
  return atMost(`${name} held ${peak.toFixed(0)} MiB at its peak`, peak, wanted, ' MiB');
}

function judgePace({ name, runs }: ContestantResult, wanted: number | undefined): Judgement | undefined {
  const paces = runs.flatMap(({ pace }) => (pace === undefined ? [] : [pace]));
  if (paces.length === 0) return undefined;
  const first = summarize(paces.map(({ firstMibPerS }) => firstMibPerS)).median;
  const last = summarize(paces.map(({ lastMibPerS }) => lastMibPerS)).median;
  const ratio = last / first;
  const found = `${name} sent the first GiB at ${first.toFixed(0)} MiB/s and the last at ${last.toFixed(0)}, ${formatRatio(ratio)} × that`;
  return atLeast(found, ratio, wanted, ' ×');
}

function atLeast(found: string, value: number, wanted: number | undefined, unit: string): Judgement {
  return wanted === undefined ? { found } : { found, wanted: `at least ${wanted}${unit}`, isReached: value >= wanted };
}

function atMost(found: string, value: number, wanted: number | undefined, unit: string): Judgement {
  return wanted === undefined ? { found } : { found, wanted: `at most ${wanted}${unit}`, isReached: value <= wanted };
}

const wallMs = (run: Run): number => run.wallMs;
const cpuMs = (run: Run): number => run.cpuMs;

function medianOf({ runs }: ContestantResult, read: (run: Run) => number): number {
  return summarize(runs.map(read)).median;
}

function formatRatio(ratio: number): string {
  return ratio.toFixed(ratio < 2 ? 2 : 1);
}
