import fc from 'fast-check';
import type { FuzzTarget } from './fuzz-target.ts';

/** What parsers stumble over. */
const evils = [
  '\0',
  '\uFEFF',
  '\r\n',
  '\n',
  ' ',
  '\t',
  '"',
  '\\',
  '/',
  '//',
  '..',
  '../',
  ':',
  '@',
  '=',
  ',',
  ';',
  '%',
  '%00',
  '[',
  ']',
  '{',
  '}',
  '<',
  '>',
  '&',
  '#',
  '?',
  '-',
  '-1',
  '0',
  '1e999',
  '0x10',
  'null',
  '[]',
  '{}',
  '""',
  'true',
  '__proto__',
  'constructor',
  'toString',
  '\uD800',
  '\u{1F600}',
  '\u009b',
  '99999999999999999999',
  'a'.repeat(300),
  '['.repeat(200),
  '*a',
  '&a',
  '!!js',
] as const;

/** A change of a text: some characters from a place on give way to others. */
interface Change {
  readonly place: number;
  readonly removed: number;
  readonly added: string;
}

const change: fc.Arbitrary<Change> = fc.record({
  place: fc.nat(),
  removed: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(3), fc.nat(60)),
  added: fc.oneof(fc.constantFrom(...evils), fc.constant(''), fc.string({ maxLength: 4, unit: 'binary' })),
});

/** Inputs for a parser: good ones damaged in some places, two joined, and noise. */
export function inputsOf({ examples }: FuzzTarget): fc.Arbitrary<string> {
  const example = fc.constantFrom(...examples);
  const damaged = fc.tuple(example, fc.array(change, { minLength: 1, maxLength: 4 })).map(([text, changes]) => changes.reduce(apply, text));
  const spliced = fc
    .tuple(example, example, fc.nat(), fc.nat())
    .map(([one, other, end, start]) => one.slice(0, at(one, end)) + other.slice(at(other, start)));
  const members = fc.tuple(example, fc.nat(), fc.constantFrom(...evils)).map(([text, which, evil]) => replaceWord(text, which, evil));
  const words = fc.array(fc.constantFrom<string>(...evils, ...examples), { maxLength: 8 }).map((parts) => parts.join(''));
  return fc.oneof(
    { weight: 5, arbitrary: damaged },
    spliced,
    { weight: 2, arbitrary: members },
    words,
    fc.string({ unit: 'binary', maxLength: 200 }),
  );
}

function apply(text: string, { place, removed, added }: Change): string {
  const start = at(text, place);
  return text.slice(0, start) + added + text.slice(start + removed);
}

/** Another word in place of one of a text: of a value of JSON, a name, a number. */
function replaceWord(text: string, which: number, evil: string): string {
  const words = [...text.matchAll(/"[^"]*"|[\w.-]+/g)];
  const word = words[which % Math.max(words.length, 1)];
  return word ? text.slice(0, word.index) + evil + text.slice(word.index + word[0].length) : evil;
}

function at(text: string, place: number): number {
  return place % (text.length + 1);
}

/** Texts of a size that show whether time grows faster than it: good ones, their characters and evils, over and over. */
export function repetitionsOf({ examples }: FuzzTarget, bytes: number): string[] {
  const pieces = [
    ...new Set([
      ...examples,
      ...evils,
      ...examples.flatMap((text) => text.slice(0, 12).split('')),
      '<a>',
      '"a":',
      '\\"',
      'a=b ',
      '; w=',
      'a, ',
      '6 a=b\n',
    ]),
  ].filter((text) => text !== '');
  const repeated = pieces.map((piece) => piece.repeat(Math.ceil(bytes / piece.length)).slice(0, bytes));
  const long = [' ', '\t', '/', 'a', '\0'].flatMap((piece) =>
    examples.slice(0, 1).map((text) => text.slice(0, text.length / 2) + piece.repeat(bytes) + text.slice(text.length / 2)),
  );
  return [...repeated, ...long];
}
