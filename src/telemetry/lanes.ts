import type { Span } from './span.ts';

/** Puts spans on lanes, as a picture shows them: on one lane spans lie within each other and never overlap, so what goes on at once stands on several. */
export interface Lanes {
  /** The lane of a span that begins now, from 0; and whether it is one that was not used before. */
  enter(span: Span): { readonly lane: number; readonly isNew: boolean };
  /** Ends a span, and gives its lane; undefined for one that never entered. */
  leave(span: Span): number | undefined;
}

/** Each span goes below its parent where the parent has no other child at that moment, else to the first lane on which nothing goes on. */
export function createLanes(): Lanes {
  const lanes: Span[][] = [];
  const places = new Map<Span, number>();
  const choose = ({ parent }: Span): number => {
    const below = parent && places.get(parent);
    if (below !== undefined && lanes[below]?.at(-1) === parent) return below;
    const free = lanes.findIndex((lane) => lane.length === 0);
    return free === -1 ? lanes.length : free;
  };
  return {
    enter(span) {
      const lane = choose(span);
      const isNew = lane === lanes.length;
      if (isNew) lanes.push([]);
      lanes[lane]?.push(span);
      places.set(span, lane);
      return { lane, isNew };
    },
    leave(span) {
      const lane = places.get(span);
      if (lane === undefined) return undefined;
      places.delete(span);
      lanes[lane] = (lanes[lane] ?? []).filter((other) => other !== span);
      return lane;
    },
  };
}
