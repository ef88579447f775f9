import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { quoteWord } from '../../src/cli/quote-word.ts';
import { authOf, createCredentialHome, type CredentialHome, keepingHelper } from '../credentials/credential-home.ts';
import { bucketryCommand } from '../interop/bucketry.ts';
import { type CommandResult, runCommand } from '../peers/run-command.ts';
import { startTokenRegistry, type TokenRegistry } from '../token-registry/token-registry.ts';

let home: CredentialHome;
let registry: TokenRegistry | undefined;
beforeEach(async () => {
  home = await createCredentialHome();
});
afterEach(async () => {
  await registry?.close();
  registry = undefined;
  await home.remove();
});

const bearer = { kind: 'bearer', username: 'ada', password: 'sesame' } as const;
const basic = { kind: 'basic', username: 'ada', password: 'sesame' } as const;

async function startRegistry(login: Parameters<typeof startTokenRegistry>[0]['login']): Promise<string> {
  registry = await startTokenRegistry({ login });
  return registry.host;
}

function bucketry(words: readonly string[], input = ''): Promise<CommandResult> {
  return runCommand(bucketryCommand(words), { cwd: home.path, env: home.env, input });
}

const login = (host: string, password: string, ...words: readonly string[]): Promise<CommandResult> =>
  bucketry(['login', host, '-u', 'ada', '--password-stdin', ...words], password);

describe('bucketry login', () => {
  test.each([basic, bearer])('keeps a login that the registry knows ($kind), and warns that it can be read', async (rule) => {
    const host = await startRegistry(rule);
    const { code, stdout, stderr } = await login(host, 'sesame\n', '--json');
    expect({ code, stdout: JSON.parse(stdout) as unknown }).toEqual({
      code: 0,
      stdout: { host, username: 'ada', file: home.dockerConfig },
    });
    expect(stderr).toMatch(/^warning: the password stands in .*config\.json as base64/);
    expect(await home.read(home.dockerConfig)).toEqual({ auths: { [host]: { auth: authOf('ada:sesame') } } });
    expect((await stat(home.dockerConfig)).mode & 0o777).toBe(0o600);
  });

  test.each([basic, bearer])('keeps none that it refuses ($kind), and shows none', async (rule) => {
    const host = await startRegistry(rule);
    const { code, stdout, stderr } = await login(host, 'opensesame', '--debug');
    expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
    expect(stderr).toContain('code:  unauthorized');
    expect(stderr).not.toMatch(/opensesame|b3BlbnNlc2FtZQ/);
    await expect(readFile(home.dockerConfig)).rejects.toThrow('ENOENT');
  });

  test('keeps one that nobody asked for, and says that it cannot tell', async () => {
    const host = await startRegistry({ kind: 'none' });
    const { code, stderr } = await login(host, 'sesame');
    expect(code).toBe(0);
    expect(stderr).toContain('whether this one is right cannot be told');
    expect(registry?.requests.map(({ authorization }) => authorization)).toEqual([undefined, 'Basic']);
  });

  test('gives it to the credential helper, without a warning', async () => {
    const host = await startRegistry(basic);
    await home.addHelper('keep', keepingHelper);
    await home.write(home.dockerConfig, { credsStore: 'keep' });
    const { code, stderr } = await login(host, 'sesame');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(await home.read(home.dockerConfig)).toEqual({ credsStore: 'keep', auths: { [host]: {} } });
    expect(await readFile(join(home.path, 'kept', host.replace(':', '_')), 'utf8')).toContain('sesame');
  });

  test('asks nobody where there is no terminal', async () => {
    for (const [words, hint] of [
      [['login', 'ghcr.io', '-u', 'ada'], '--password-stdin'],
      [['login', 'ghcr.io', '--password-stdin'], '--username'],
    ] as const) {
      const { code, stderr } = await bucketry(words, 'sesame');
      expect(code).toBe(2);
      expect(stderr).toContain(hint);
    }
  });

  test('takes no empty password', async () => {
    expect(await login('ghcr.io', '\n')).toMatchObject({ code: 2, stderr: expect.stringContaining('password is empty') as unknown });
  });

  test('is what a later command reads with', async () => {
    const host = await startRegistry(bearer);
    const image = JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [],
    });
    registry?.addManifest('application/vnd.oci.image.index.v1+json', Buffer.from(image), '1.0');
    const inspect = (): Promise<CommandResult> => bucketry(['inspect', `docker://${host}/team/app:1.0`]);
    expect(await inspect()).toMatchObject({ code: 5, stderr: expect.stringContaining('bucketry login') as unknown });
    await login(host, 'sesame');
    expect((await inspect()).code).toBe(0);
    expect((await bucketry(['logout', host])).stdout).toBe(`Logged out of ${host}\n`);
    expect((await inspect()).code).toBe(5);
    expect((await bucketry(['logout', host])).stdout).toBe(`There was no login for ${host}\n`);
  });

  test("tells of podman's login when its own is gone", async () => {
    await home.write(home.authFile, { auths: { 'ghcr.io': { auth: authOf('ada:1') } } });
    expect((await bucketry(['logout', 'ghcr.io'])).stderr).toContain('podman logout ghcr.io');
  });
});

/** What stands at the end of the terminal, and what is typed then. */
type Step = readonly [prompt: string, typed: string];

/** Runs on a terminal, which util-linux's `script` makes. @returns how it ended, and all that stood on the terminal */
async function onTerminal(words: readonly string[], steps: readonly Step[]): Promise<{ code: number; screen: string }> {
  const line = bucketryCommand(words).map(quoteWord).join(' ');
  const child = spawn('script', ['-qec', line, '/dev/null'], { cwd: home.path, env: home.env, stdio: ['pipe', 'pipe', 'inherit'] });
  let screen = '';
  let step = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text;
    const [prompt, typed] = steps[step] ?? [];
    if (prompt === undefined || !screen.includes(prompt)) return;
    step += 1;
    child.stdin.write(typed);
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
  const [code] = (await once(child, 'close')) as [number];
  clearTimeout(timer);
  return { code, screen };
}

describe('bucketry login on a terminal', () => {
  test('asks for name and password, and shows only the name', async () => {
    const host = await startRegistry(basic);
    const { code, screen } = await onTerminal(
      ['login', host],
      [
        ['Username: ', 'ada\r'],
        ['Password: ', 'sesame\r'],
      ],
    );
    expect(screen).toContain(`Logged in to ${host} as ada`);
    expect(code).toBe(0);
    expect(screen).not.toContain('sesame');
    expect(await home.read(home.dockerConfig)).toEqual({ auths: { [host]: { auth: authOf('ada:sesame') } } });
  });

  test.each([
    ['stopped', '\u0003', 130],
    ['left', '\u0004', 2],
  ])('ends when it is %s instead of answered', async (_what, typed, wanted) => {
    const { code } = await onTerminal(['login', 'ghcr.io', '-u', 'ada'], [['Password: ', typed]]);
    expect(code).toBe(wanted);
  });
});
