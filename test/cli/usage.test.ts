import { describe, expect } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { bucketryCommand } from '../interop/bucketry.ts';
import { folderTest as it } from '../images/folder-test.ts';
import { runCommand } from '../peers/run-command.ts';
import { openCommandLine } from './command-line.ts';

const BIN = new URL('../../bin/bucketry.js', import.meta.url);

describe('the command line', () => {
  it('refuses to run without a command, and shows which there are', async ({ folder }) => {
    const { code, stdout, stderr } = await openCommandLine({ folder }).run();
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    for (const name of Object.keys(commands)) expect(stderr).toMatch(new RegExp(`^  ${name} `, 'm'));
  });

  it('writes help to standard output, that of a command too, and succeeds', async ({ folder }) => {
    const { run } = openCommandLine({ folder });
    expect(await run('--help')).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('Usage: bucketry COMMAND') });
    for (const name of Object.keys(commands)) {
      expect(await run(name, '--help')).toMatchObject({
        code: 0,
        stderr: '',
        stdout: expect.stringContaining(`Usage: bucketry ${name} [FLAGS]`),
      });
    }
  });

  it('says its version', async ({ folder }) => {
    expect(await openCommandLine({ folder }).run('--version')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\S*\n$/),
    });
  });

  it.for([
    [['psuh'], 'Did you mean "push"?'],
    [['push', 'a', 'b', '--platfrom', 'x'], 'Did you mean --platform?'],
    [['push', 'oci:x'], 'DEST is missing'],
    [['ls', 'file:a', 'file:b'], 'no place for "file:b"'],
    [['serve', 'file:a'], 'Add --static'],
    [['serve', 'file:a', '--static', '--listen', 'nowhere'], 'wanted HOST:PORT'],
    [['push', 'oci:x', 'file:b//app'], 'wanted a repository and a tag'],
    [['push', 'oci:x', 'file:b//Team/app:1'], 'as a repository name'],
    [['pull', 'app:1', 's3://bucket/app:1'], 'push it'],
    [['init', 'file:a', '--public-url', 'https://host/path'], 'cannot be part of an image reference'],
    [['--quiet'], 'no command'],
  ] as const)('refuses %j as bad usage, and says what to do', async ([words, advice], { folder }) => {
    const { code, stdout, stderr } = await openCommandLine({ folder }).run(...words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(advice);
  });

  it('writes an error as one line of JSON where results are JSON', async ({ folder }) => {
    const { code, stdout, stderr } = await openCommandLine({ folder }).run('inspect', 'oci:nowhere', '--json');
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr.trimEnd()).not.toContain('\n');
    expect(JSON.parse(stderr)).toEqual({
      error: { code: 'input-missing', message: expect.stringContaining('nowhere'), hint: 'Check the path.', exitCode: 3 },
    });
  });

  it('shows where an error arose, with --debug only', async ({ folder }) => {
    const { run } = openCommandLine({ folder });
    const [brief, long] = [await run('inspect', 'oci:nowhere'), await run('inspect', 'oci:nowhere', '--debug')];
    expect(brief.stderr).not.toContain('    at ');
    expect(long.stderr).toMatch(/RegistryError: .*\n +at /);
    expect(long.stderr).toContain('caused by: Error: ENOENT');
  });

  it('refuses an old Node before it loads anything', async () => {
    const pretend = "data:text/javascript,Object.defineProperty(process.versions,'node',{value:'20.1.0'})";
    const { code, stdout, stderr } = await runCommand([process.execPath, '--import', pretend, BIN.pathname, '--version']);
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: expect.stringMatching(/needs Node 24 or newer/) });
  });

  it('ends quietly when its reader has seen enough', async ({ folder }) => {
    const [program, ...args] = bucketryCommand(['--help']);
    const script = '"$0" "$@" | head -n 1; echo "${PIPESTATUS[0]}"';
    const { stdout, stderr } = await runCommand(['bash', '-c', script, program, ...args], { cwd: folder });
    expect({ stdout, stderr }).toEqual({ stdout: expect.stringMatching(/^bucketry: .*\n0\n$/), stderr: '' });
  });
});
