import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineCommand } from './command.ts';
import { parseCommandLine } from './parse-command-line.node.ts';

const command = defineCommand({
  name: 'copy',
  doc: ['Copies.'],
  arguments: {
    source: { value: 'SOURCE', doc: 'From.', required: true },
    target: { value: 'DEST', doc: 'To.', required: false },
  },
  flags: {
    force: { kind: 'switch', short: 'f', doc: 'Really.' },
    listen: { kind: 'text', value: 'HOST:PORT', doc: 'Where.' },
    bucket: { kind: 'text', value: 'BUCKET', doc: 'Which.', env: 'BUCKETRY_BUCKET' },
    missing: { kind: 'text', value: 'STATUS', doc: 'How.', choices: ['404', '403'], default: '404' },
    platform: { kind: 'list', value: 'PLATFORM', doc: 'What.' },
    connections: { kind: 'integer', value: 'N', doc: 'How many.', range: [1, 64], default: 16 },
  },
  examples: [],
  result: {},
  run: async () => {},
});

const parse = (words: readonly string[], environment: Record<string, string> = {}) => parseCommandLine(command, words, environment);

describe('parseCommandLine', () => {
  it('gives each flag the type of its kind', () => {
    const words = ['a', 'b', '-f', '--listen', ':80', '--platform', 'x,y', '--platform=z', '--connections', '8', '--missing=403'];
    expect(parse(words)).toEqual({
      args: { source: 'a', target: 'b' },
      flags: { force: true, listen: ':80', bucket: undefined, missing: '403', platform: ['x', 'y', 'z'], connections: 8 },
      globals: new Set(),
    });
  });

  it('falls back on the environment, then on the default; an empty variable is none', () => {
    expect(parse(['a'], { BUCKETRY_BUCKET: 's3://b' }).flags).toMatchObject({ bucket: 's3://b', missing: '404', connections: 16 });
    expect(parse(['a', '--bucket', 'file:x'], { BUCKETRY_BUCKET: 's3://b' }).flags['bucket']).toBe('file:x');
    expect(parse(['a'], { BUCKETRY_BUCKET: '' }).flags['bucket']).toBeUndefined();
  });

  it('takes the flags of every command anywhere', () => {
    expect(parse(['--json', 'a', '-q']).globals).toEqual(new Set(['json', 'quiet']));
  });

  it('needs no arguments for help', () => {
    expect(parse(['--help']).globals).toEqual(new Set(['help']));
  });

  it('takes all after "--" as arguments', () => {
    expect(parse(['--', '--force', '-']).args).toEqual({ source: '--force', target: '-' });
  });

  it.each([
    [[], /SOURCE is missing/],
    [['a', 'b', 'c'], /no place for "c"/],
    [['a', '--listen'], /--listen needs a value: --listen HOST:PORT/],
    [['a', '--listen', '--force'], /--listen needs a value/],
    [['a', '--force=yes'], /--force takes no value/],
    [['a', '--missing', '500'], /"500", wanted 404 or 403/],
    [['a', '--connections', '0'], /whole number from 1 to 64/],
    [['a', '--connections', '1e1'], /whole number from 1 to 64/],
    [['a', '--platform', ''], /--platform is "", wanted PLATFORM/],
    [['a', '--platform', 'linux/amd64,'], /--platform is "linux\/amd64,"/],
    [['a', '-x'], /-x is not one of its flags/],
    [['a', '--constructor'], /--constructor is not one of its flags/],
  ])('refuses %j', (words, message) => {
    expect(() => parse(words)).toThrow(expect.objectContaining({ code: 'usage-invalid', message: expect.stringMatching(message) }));
  });

  it('suggests the flag that was meant', () => {
    expect(() => parse(['a', '--platfrom', 'x'])).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('Did you mean --platform?') }),
    );
  });

  it('either parses or fails as bad usage, whatever the words', () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom('--', '-', '--force', '-f', '--listen', '--listen=', '--platform=a,b', '--no-force', '-fq'),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), (words) => {
        try {
          const { args } = parse(words);
          expect(Object.keys(args).length === 0 || typeof args['source'] === 'string').toBe(true);
        } catch (error) {
          expect(error).toMatchObject({ code: 'usage-invalid' });
        }
      }),
    );
  });
});
