import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createLanes } from './lanes.ts';
import type { Span } from './span.ts';

const spanBelow = (parent?: Span): Span => ({
  point: 'part',
  spanId: '',
  parent,
  context: {},
  startedAtMs: 0,
  endedAtMs: undefined,
  failure: undefined,
});

it('puts a child below its parent, and a second one at the same time beside it', () => {
  const lanes = createLanes();
  const root = spanBelow();
  const [first, second, third] = [spanBelow(root), spanBelow(root), spanBelow(root)];
  expect([root, first, second].map((span) => lanes.enter(span))).toEqual([
    { lane: 0, isNew: true },
    { lane: 0, isNew: false },
    { lane: 1, isNew: true },
  ]);
  expect(lanes.leave(first)).toBe(0);
  expect(lanes.enter(third)).toEqual({ lane: 0, isNew: false });
});

it('uses a lane again once it is free', () => {
  const lanes = createLanes();
  const [root, first, second, third] = [spanBelow(), spanBelow(), spanBelow(), spanBelow()];
  for (const span of [root, first, second]) lanes.enter(span);
  lanes.leave(first);
  expect(lanes.enter(third)).toEqual({ lane: 1, isNew: false });
  expect(lanes.leave(spanBelow())).toBeUndefined();
});

it('lets spans of one lane lie only within each other, whatever begins and ends when', () => {
  // Each number ends (even) or begins (odd) something: the open span that it chooses ends with all below it, or gets a child
  fc.assert(
    fc.property(fc.array(fc.nat(1000), { maxLength: 60 }), (steps) => {
      const lanes = createLanes();
      const open: { span: Span; lane: number }[] = [];
      const stacks = new Map<number, Span[]>();
      const leave = (span: Span): void => {
        for (const { span: child } of open.filter((other) => other.span.parent === span)) leave(child);
        const place = open.findIndex((other) => other.span === span);
        if (place === -1) return;
        const [{ lane } = { lane: -1 }] = open.splice(place, 1);
        expect(stacks.get(lane)?.pop()).toBe(span);
        expect(lanes.leave(span)).toBe(lane);
      };
      for (const step of steps) {
        const chosen = open[step % (open.length + 1)]?.span;
        if (step % 2 === 0) {
          if (chosen) leave(chosen);
          continue;
        }
        const span = spanBelow(chosen);
        const { lane } = lanes.enter(span);
        const stack = stacks.get(lane) ?? [];
        if (stack.length > 0) expect(stack.at(-1)).toBe(span.parent);
        stacks.set(lane, [...stack, span]);
        open.push({ span, lane });
      }
    }),
  );
});
