import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Clock } from '../streams/clock.ts';
import { type ConnectionTuner, createConnectionTuner, maxConnections } from './connection-tuner.ts';

const MIB = 2 ** 20;
const tickMs = 20;

/** A link and a store: how much so many connections move together, in bytes a second. */
interface Model {
  readonly roundTripMs: number;
  readonly throughput: (connections: number) => number;
}

/** Each connection for itself, up to what the line carries. */
const line = (roundTripMs: number, perConnection: number, total: number): Model => ({
  roundTripMs,
  throughput: (connections) => Math.min(connections * perConnection, total),
});
/** A store in the next room: its processor is busy with four connections, and each further one costs it some of its time. */
const nearStore: Model = {
  roundTripMs: 1,
  throughput: (connections) => Math.min(connections * 100, 400 - Math.max(0, connections - 4) * 9) * MIB,
};

interface Simulation {
  readonly tuner: ConnectionTuner;
  readonly nowMs: () => number;
  /** Sends for so long as fast as the model lets it. @returns the limits that were used */
  readonly send: (durationMs: number) => number[];
}

function simulate({ roundTripMs, throughput }: Model, most?: number): Simulation {
  let nowMs = 0;
  const clock: Clock = { now: () => nowMs, random: () => 0.5, sleep: async () => undefined };
  const tuner = createConnectionTuner(clock, most);
  // The first one also connects
  for (const durationMs of [roundTripMs * 3, roundTripMs]) tuner.noteRoundTrip(durationMs);
  return {
    tuner,
    nowMs: () => nowMs,
    send(durationMs) {
      const limits: number[] = [];
      for (const endMs = nowMs + durationMs; nowMs < endMs; nowMs += tickMs) {
        tuner.noteBytes((throughput(tuner.limit) * tickMs) / 1000, tuner.limit);
        limits.push(tuner.limit);
      }
      return limits;
    },
  };
}

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

describe('the start', () => {
  test.each([
    ['few connections to a near store', 1, 4],
    ['many to a far one', 30, 32],
  ])('is with %s', (_, roundTripMs, expected) => {
    expect(simulate(line(roundTripMs, MIB, MIB)).tuner.limit).toBe(expected);
  });

  test('is in between where nothing is known', () => {
    expect(createConnectionTuner({ now: () => 0, random: () => 0, sleep: async () => undefined }).limit).toBe(16);
  });

  test('is with what the user allows, if that is fewer, and to a far store also if it is more', () => {
    expect([simulate(nearStore, 2).tuner.limit, simulate(line(30, MIB, MIB), 48).tuner.limit]).toEqual([2, 48]);
  });
});

describe('from then on', () => {
  test('a near store whose processor is the bottleneck keeps 4 to 5 connections: within 5 % of the best throughput', () => {
    const limits = simulate(nearStore).send(60_000);
    expect(Math.max(...limits)).toBeLessThanOrEqual(5);
    expect(mean(limits.map(nearStore.throughput))).toBeGreaterThan(400 * MIB * 0.95);
  });

  test('a far store with room for more gets more within 10 seconds', () => {
    const { tuner, send } = simulate(line(80, 5 * MIB, 10_000 * MIB));
    send(10_000);
    expect(tuner.limit).toBe(maxConnections);
  });

  test('a near store that can do more gets more within 30 seconds', () => {
    const { tuner, send } = simulate(line(2, 20 * MIB, 600 * MIB));
    send(30_000);
    expect(tuner.limit).toBeGreaterThanOrEqual(28);
  });

  test('a line that is full gets no more: what was tried in vain is taken back, and rarely tried again', () => {
    const limits = simulate(line(30, 25 * MIB, 640 * MIB)).send(120_000);
    expect(limits.at(-1)).toBe(32);
    expect(limits.filter((limit) => limit > 32).length / limits.length).toBeLessThan(0.15);
  });

  test('a slow uplink that many connections share falls to a few within 20 seconds, and loses less than 5 % over two minutes', () => {
    const uplink = line(40, 10 * MIB, 0.5 * MIB);
    const simulation = simulate(uplink);
    simulation.send(20_000);
    expect(simulation.tuner.limit).toBeLessThanOrEqual(5);
    expect(mean(simulation.send(120_000).map(uplink.throughput))).toBeGreaterThan(uplink.throughput(32) * 0.95);
  });

  test('connections that are slow each for itself are not taken away: less than 10 % is lost by trying it', () => {
    const slow = line(200, 0.1 * MIB, 1000 * MIB);
    const limits = simulate(slow).send(60_000);
    expect(limits.at(-1)).toBeGreaterThanOrEqual(32);
    expect(mean(limits.map(slow.throughput))).toBeGreaterThan(slow.throughput(32) * 0.9);
  });

  test('seconds that were not used to the full change nothing', () => {
    const { tuner } = simulate(line(30, MIB, 1000 * MIB));
    let nowMs = 0;
    const idle = createConnectionTuner({ now: () => nowMs, random: () => 0, sleep: async () => undefined });
    for (; nowMs < 60_000; nowMs += tickMs) idle.noteBytes(1, nowMs % 1000 < 500 ? 16 : 3);
    expect([tuner.limit, idle.limit]).toEqual([32, 16]);
  });
});

describe('trouble', () => {
  test('halves the number, once for all requests that were under way', () => {
    const { tuner, send, nowMs } = simulate(line(30, MIB, 1000 * MIB));
    send(500);
    const beganAtMs = nowMs();
    send(100);
    for (let refusal = 0; refusal < 20; refusal += 1) tuner.noteTrouble(beganAtMs);
    expect(tuner.limit).toBe(16);
    send(100);
    tuner.noteTrouble(nowMs());
    expect(tuner.limit).toBe(8);
  });

  test('that passes leaves no lasting mark: what it cost is back within 90 seconds', () => {
    const { tuner, send, nowMs } = simulate(line(30, 5 * MIB, 160 * MIB));
    tuner.noteTrouble(nowMs());
    send(90_000);
    expect(tuner.limit).toBeGreaterThanOrEqual(28);
  });

  test('again and again ends at one connection', () => {
    const { tuner, send, nowMs } = simulate(line(30, MIB, 1000 * MIB));
    for (let time = 0; time < 6; time += 1) {
      send(1000);
      tuner.noteTrouble(nowMs());
    }
    expect(tuner.limit).toBe(1);
  });

  test('a store that refuses more than 10 at once is mostly used with 5 to 14', () => {
    const { tuner, send, nowMs } = simulate(line(30, 5 * MIB, 1000 * MIB));
    const limits: number[] = [];
    for (let step = 0; step < 600; step += 1) {
      limits.push(...send(200));
      if (tuner.limit > 10) tuner.noteTrouble(nowMs());
    }
    expect(limits.filter((limit) => limit >= 5 && limit <= 14).length / limits.length).toBeGreaterThan(0.9);
  });
});

test('whatever happens, there are at least one and at most as many connections as allowed', () => {
  const event = fc.oneof(
    fc.record({ kind: fc.constant('send' as const), durationMs: fc.integer({ min: 20, max: 5000 }) }),
    fc.record({ kind: fc.constant('trouble' as const), agoMs: fc.integer({ min: 0, max: 3000 }) }),
    fc.record({ kind: fc.constant('answer' as const), durationMs: fc.integer({ min: 0, max: 500 }) }),
  );
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 40 }),
      fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 1000 }),
      (events, most, perConnection, total) => {
        const { tuner, send, nowMs } = simulate(line(20, perConnection * 50_000, total * 100_000), most);
        for (const happened of events) {
          if (happened.kind === 'send') send(happened.durationMs);
          if (happened.kind === 'trouble') {
            const before = tuner.limit;
            tuner.noteTrouble(nowMs() - happened.agoMs);
            expect([before, Math.max(1, Math.floor(before / 2))]).toContain(tuner.limit);
          }
          if (happened.kind === 'answer') tuner.noteRoundTrip(happened.durationMs);
          expect(tuner.limit).toBeGreaterThanOrEqual(1);
          expect(tuner.limit).toBeLessThanOrEqual(most ?? maxConnections);
        }
      },
    ),
  );
});
