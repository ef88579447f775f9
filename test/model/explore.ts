/** One request to the store, or one event outside, and where it leads. */
export interface Step<S> {
  readonly label: string;
  readonly next: S;
}

/** A system of actors: what may happen next in a state, and what must never be seen in one. */
export interface Model<S> {
  readonly initial: S;
  steps(state: S): readonly Step<S>[];
  /** What is wrong with a state, in words; undefined if nothing is. */
  violation(state: S): string | undefined;
  /** What is wrong with a state after which nothing more can happen. */
  stuck(state: S): string | undefined;
}

export interface Exploration {
  readonly states: number;
  /** States after which nothing more can happen. */
  readonly ends: number;
  /** The first violation found, with the steps that lead to it. */
  readonly violation: { readonly message: string; readonly trace: readonly string[] } | undefined;
}

/** So many states mean a mistake in the model: it would not end. */
const maxStates = 3_000_000;

/** Visits every state that any order of steps can reach, each once (depth first, states being compared by their JSON), until a violation is found. */
export function explore<S>(model: Model<S>): Exploration {
  const origins = new Map<string, { readonly from: string | undefined; readonly label: string }>();
  const open: { readonly key: string; readonly state: S }[] = [];
  let ends = 0;
  const visit = (state: S, from: string | undefined, label: string): void => {
    const key = JSON.stringify(state);
    if (origins.has(key)) return;
    if (origins.size >= maxStates) throw new Error(`The model has more than ${maxStates} states`);
    origins.set(key, { from, label });
    open.push({ key, state });
  };
  visit(model.initial, undefined, 'begin');
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const steps = model.steps(at.state);
    if (steps.length === 0) ends += 1;
    const message = model.violation(at.state) ?? (steps.length === 0 ? model.stuck(at.state) : undefined);
    if (message !== undefined) return { states: origins.size, ends, violation: { message, trace: traceTo(at.key, origins) } };
    for (const step of steps) visit(step.next, at.key, step.label);
  }
  return { states: origins.size, ends, violation: undefined };
}

function traceTo(key: string, origins: ReadonlyMap<string, { readonly from: string | undefined; readonly label: string }>): string[] {
  const trace: string[] = [];
  for (let origin = origins.get(key); origin !== undefined; origin = origin.from === undefined ? undefined : origins.get(origin.from)) {
    trace.unshift(origin.label);
  }
  return trace;
}
