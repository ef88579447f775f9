import { lookup as lookupName, type LookupAddress, type LookupAllOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';

/** Asks for all addresses of a name, in the order in which they are to be tried. */
export type ResolveName = (
  hostname: string,
  options: LookupAllOptions,
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** What a name server's answer is good for, at least: S3's own live so long. */
const freshMs = 5000;

type Done = Parameters<ResolveName>[2];

/** A question to the system's resolver, answered or not. */
interface Question {
  readonly askedAtMs: number;
  /** Those who wait; undefined once it is answered. */
  waiting: Done[] | undefined;
  answer: Parameters<Done>;
  turns: number;
}

/**
 * Spreads the connections to a name over all its addresses: stores answer with many, and give each machine behind them so much. Each connection tries another one first, and then the others, so
 * that one that does not answer costs a moment only. Families stay in the system's order. The name is asked for once in a while instead of once for each of many connections at the same moment.
 */
export function createRotatingLookup(resolve: ResolveName = lookupName, now: () => number = () => performance.now()): LookupFunction {
  const questions = new Map<string, Question>();

  const ask = (hostname: string, options: LookupAllOptions): Question => {
    const key = JSON.stringify([hostname, options.family, options.hints]);
    const known = questions.get(key);
    if (known && now() - known.askedAtMs < freshMs) return known;
    const question: Question = { askedAtMs: now(), waiting: [], answer: [null, []], turns: 0 };
    questions.set(key, question);
    resolve(hostname, options, (...answer) => {
      if (answer[0] && questions.get(key) === question) questions.delete(key);
      question.answer = answer;
      const { waiting = [] } = question;
      question.waiting = undefined;
      for (const done of waiting) done(...answer);
    });
    return question;
  };

  return (hostname, options, done) => {
    const question = ask(hostname, { ...options, all: true });
    const turn = question.turns++;
    const give: Done = (error, addresses) => {
      if (error) return done(error, []);
      const turned = rotate(addresses, turn);
      if (options.all) done(null, turned);
      else done(null, turned[0]?.address ?? '', turned[0]?.family);
    };
    if (question.waiting) question.waiting.push(give);
    // Never before the caller has gone on
    else setImmediate(give, ...question.answer);
  };
}

/** Each family from another address on. */
function rotate(addresses: readonly LookupAddress[], turn: number): LookupAddress[] {
  const families = new Set(addresses.map(({ family }) => family));
  return [...families].flatMap((family) => {
    const ours = addresses.filter((address) => address.family === family);
    const first = turn % ours.length;
    return [...ours.slice(first), ...ours.slice(0, first)];
  });
}
