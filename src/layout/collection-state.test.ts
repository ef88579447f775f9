import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../../test/coded-errors.ts';
import { parseDigest } from '../oci/digest.ts';
import {
  type CollectionState,
  currentCollectionState,
  formatCollectionState,
  initialCollectionState,
  maxCollectionMs,
  maxUntaggedMs,
  minGraceMs,
  parseCollectionState,
  settlePush,
} from './collection-state.ts';

const minute = 60_000;
const digest = (digit: string) => parseDigest(`sha256:${digit.repeat(64)}`);
const running: CollectionState = { generation: 3, running: { durationMs: 10 * minute, condemned: [digest('a'), digest('b')] } };
const ended: CollectionState = { generation: 3 };

describe('_collection', () => {
  it('is written with sorted digests, and without what is not under way', () => {
    const text = (state: CollectionState): string => new TextDecoder().decode(formatCollectionState(state));
    expect(text({ generation: 3, running: { durationMs: 600_000, condemned: [digest('b'), digest('a'), digest('b')] } })).toBe(
      `{"generation":3,"running":{"durationMs":600000,"condemned":["${digest('a')}","${digest('b')}"]}}`,
    );
    expect(text(ended)).toBe('{"generation":3}');
  });

  it('reads back', () => {
    const states = fc.record({
      generation: fc.nat(),
      running: fc.record({
        durationMs: fc.integer({ min: 0, max: maxCollectionMs }),
        condemned: fc.uniqueArray(fc.constantFrom(...Array.from('0123456789abcdef'))).map((digits) => digits.toSorted().map(digest)),
      }),
    });
    fc.assert(
      fc.property(states, (state) => {
        expect(parseCollectionState(formatCollectionState(state))).toEqual(state);
      }),
    );
    expect(parseCollectionState(formatCollectionState(initialCollectionState))).toEqual({ generation: 0 });
  });

  it.each([
    '',
    '{}',
    '{"generation":-1}',
    '{"generation":1,"running":{}}',
    '{"generation":1,"running":{"durationMs":900001,"condemned":[]}}',
    '{"generation":1,"running":{"durationMs":1,"condemned":["latest"]}}',
  ])('is not %j', (json) => {
    expect(codeOf(() => parseCollectionState(new TextEncoder().encode(json)))).toBe('format-invalid');
  });

  it('gives a push less time than the grace period, and a collection less than a push', () => {
    expect(maxUntaggedMs).toBeLessThan(minGraceMs);
    expect(maxCollectionMs).toBeLessThan(maxUntaggedMs);
  });
});

describe('currentCollectionState', () => {
  const seen = (sinceReadMs: number, sinceWrittenMs: number): CollectionState =>
    currentCollectionState(running, { nowMs: 1e12, firstReadAtMs: 1e12 - sinceReadMs, writtenAtMs: 1e12 - sinceWrittenMs });

  it('takes a collection for under way until its time is over since it was first read', () => {
    expect(seen(0, 0)).toEqual(running);
    expect(seen(10 * minute - 1, 10 * minute - 1)).toEqual(running);
    expect(seen(10 * minute, 10 * minute)).toEqual(ended);
  });

  it('does not believe a clock of the store that is up to a quarter of an hour off', () => {
    expect(seen(0, 25 * minute - 1)).toEqual(running);
    expect(seen(0, 25 * minute)).toEqual(ended);
    expect(seen(10 * minute, -15 * minute)).toEqual(ended);
  });

  it('leaves an ended one as it is', () => {
    expect(currentCollectionState(ended, { nowMs: 0, firstReadAtMs: 0, writtenAtMs: 0 })).toEqual(ended);
  });
});

describe('settlePush', () => {
  const mine = new Set([digest('b'), digest('c')]);

  it('lets a push tag when no collection came between', () => {
    expect(settlePush(initialCollectionState, initialCollectionState, mine)).toBe('settled');
    expect(settlePush(ended, ended, mine)).toBe('settled');
  });

  it('sends it again when a collection began', () => {
    expect(settlePush(initialCollectionState, { generation: 1 }, mine)).toBe('again');
    expect(settlePush({ generation: 2 }, running, new Set([digest('d')]))).toBe('again');
  });

  it('goes by what was condemned when the push began, also when that collection has ended', () => {
    expect(settlePush(running, running, mine)).toBe('again');
    expect(settlePush(running, ended, mine)).toBe('again');
    expect(settlePush(running, ended, new Set([digest('c')]))).toBe('settled');
    expect(settlePush(running, running, new Set([digest('c')]))).toBe('settled');
  });
});
