import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { takeBuiltins } from './take-builtins.ts';

/** Runs code as a module; resolves to what it exports as `taken`. */
async function run(code: string): Promise<unknown> {
  const module = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as { readonly taken: unknown };
  return module.taken;
}

describe('takeBuiltins', () => {
  const kinds = [
    { kind: 'a name', code: 'import { join } from "node:path";\nexport const taken = join;', taken: join },
    { kind: 'another name', code: 'import { join as basename } from "node:path";\nexport const taken = basename;', taken: join },
    { kind: 'several names', code: 'import { join, basename } from "node:path";\nexport const taken = basename ?? join;', taken: basename },
    { kind: 'the default', code: 'import path from "node:path";\nexport const taken = path.join;', taken: join },
    { kind: 'the default by name', code: 'import { default as path } from "node:path";\nexport const taken = path.join;', taken: join },
    {
      kind: 'the default and names',
      code: 'import path, { join } from "node:path";\nexport const taken = path.join ?? join;',
      taken: join,
    },
    { kind: 'all names', code: 'import * as path from "node:path";\nexport const taken = path.join;', taken: join },
    { kind: 'nothing', code: 'import "node:path";\nexport const taken = 1;', taken: 1 },
    { kind: 'two modules', code: 'import "node:fs";import { join } from "node:path";export const taken = join;', taken: join },
    {
      kind: 'a process of its own',
      code: 'import process from "node:process";\nimport { join } from "node:path";\nexport const taken = process && join;',
      taken: join,
    },
  ];
  it.each(kinds)('gives code that imports $kind the same', async ({ code, taken }) => {
    expect(await run(code)).toBe(taken);
    const changed = takeBuiltins(code);
    expect(changed).not.toMatch(/import\s*["{*\w]/);
    expect(await run(changed)).toBe(taken);
  });

  it('leaves other imports and texts that look like one', () => {
    const code = 'import { a } from "./shared.js";\nexport const b = [a, `\nimport { c } from "node:path";\n`];\n';
    expect(takeBuiltins(code)).toBe(code);
  });
});
