import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { quoteWord } from '../../src/cli/quote-word.ts';
import { bucketryCommand } from '../interop/bucketry.ts';
import { folderTest as it } from '../images/folder-test.ts';
import { type CommandResult, runCommand } from '../peers/run-command.ts';
import { openCommandLine } from './command-line.ts';
import { writeIndexLayout, writeLargeLayout } from './image-layouts.ts';

const bucketry = bucketryCommand([]).map(quoteWord).join(' ');

/** Runs a pipeline; its code is that of the first that failed. Temporary files lie in the folder `temporary`. */
async function pipe(folder: string, line: string): Promise<CommandResult> {
  await mkdir(join(folder, 'temporary'), { recursive: true });
  const env = { PATH: process.env['PATH'], HOME: folder, TMPDIR: join(folder, 'temporary') };
  return runCommand(['bash', '-o', 'pipefail', '-c', line], { cwd: folder, env });
}

describe('archives on standard input and output', () => {
  it.for(['oci-archive', 'oci-archive:- | gzip | cat >a && <a cat'])(
    'go from bucket to bucket (%s), and leave nothing behind',
    async (kind, { folder }) => {
      const digest = await writeIndexLayout(folder, 'image');
      const out = kind.includes(' ') ? kind : `${kind}:- `;
      const line = `${bucketry} push oci:image file:a-bucket//app:1 && ${bucketry} pull file:a-bucket//app:1 ${out} | ${bucketry} push oci-archive:- file:b-bucket//app:2 --json`;
      const { code, stdout, stderr } = await pipe(folder, line);
      expect(code, stderr).toBe(0);
      expect(stdout).toContain(digest);
      expect(stderr).toContain('Pulled file:a-bucket//app:1 to oci-archive:-');
      expect(await readdir(join(folder, 'temporary'))).toEqual([]);
    },
  );

  it('fail a pull whose reader ends too early', async ({ folder }) => {
    await writeLargeLayout(folder, 'image', 2 ** 22);
    const { run } = openCommandLine({ folder });
    await run('push', 'oci:image', 'file:b//app:1');
    const { code, stderr } = await pipe(folder, `${bucketry} pull file:b//app:1 oci-archive:- | head -c 10 >/dev/null`);
    expect(stderr).toContain('Cannot write the archive to standard output: its reader ended before the archive did');
    expect(code).toBe(3);
    expect(await readdir(join(folder, 'temporary'))).toEqual([]);
  });

  it('that are none are refused', async ({ folder }) => {
    const nothing = await pipe(folder, `${bucketry} push docker-archive:- file:b//app:1 </dev/null`);
    expect(nothing).toMatchObject({ code: 3 });
    const noise = await pipe(folder, `head -c 3000 /dev/urandom | ${bucketry} push oci-archive:- file:b//app:1`);
    expect(noise).toMatchObject({ code: 3 });
    expect(noise.stderr).toContain('oci-archive:-');
    expect(existsSync(join(folder, 'b'))).toBe(false);
  });

  it('are not written to a terminal, nor read from one', async ({ folder }) => {
    const written = await pipe(
      folder,
      `script --quiet --return --command '${bucketry.replaceAll("'", `'\\''`)} pull file:b//app:1 oci-archive:-' /dev/null`,
    );
    expect(written.stdout).toContain('Cannot write an archive to standard output: it is a terminal');
    const read = await pipe(
      folder,
      `script --quiet --return --command '${bucketry.replaceAll("'", `'\\''`)} push oci-archive:- file:b//app:1' /dev/null`,
    );
    expect(read.stdout).toContain('Cannot read an archive from standard input: it is a terminal');
  });
});
