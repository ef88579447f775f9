import * as v from 'valibot';
import type { BenchResult } from '../../src/bench/bench-result.ts';

const spread = v.strictObject({ min: v.number(), median: v.number(), max: v.number() });
const run = v.strictObject({ seconds: v.number(), cpuSeconds: v.nullable(v.number()), peakBytes: v.nullable(v.number()) });
const summary = v.strictObject({
  seconds: spread,
  mibPerSecond: spread,
  cpuSecondsPerGib: v.nullable(v.number()),
  peakBytes: v.nullable(v.number()),
});

/** The JSON of `bucketry bench` as docs/bench.md has it; a member that is not written there fails. */
const benchSchema = v.strictObject({
  date: v.pipe(v.string(), v.isoTimestamp()),
  bucket: v.string(),
  registry: v.optional(v.string()),
  layers: v.number(),
  bytes: v.number(),
  rounds: v.number(),
  machine: v.string(),
  load: v.strictObject({ before: v.number(), processors: v.number() }),
  measuredBy: v.string(),
  contestants: v.array(
    v.strictObject({
      name: v.string(),
      title: v.string(),
      way: v.picklist(['registry', 'bucket', 'object']),
      settings: v.string(),
      isOwn: v.boolean(),
      runs: v.array(run),
      summary: v.optional(summary),
      failure: v.optional(v.string()),
    }),
  ),
  comparisons: v.array(
    v.strictObject({
      with: v.string(),
      ratio: v.number(),
      low: v.number(),
      high: v.number(),
      verdict: v.picklist(['faster', 'slower', 'within noise', 'too few runs']),
    }),
  ),
  skipped: v.array(v.strictObject({ name: v.string(), reason: v.string() })),
  leftovers: v.array(v.string()),
});

/** Reads what `bucketry bench --json` printed. */
export function parseBenchResult(text: string): BenchResult {
  return v.parse(benchSchema, JSON.parse(text));
}
