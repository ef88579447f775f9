import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { pack } from 'tar-stream';
import { bucketryCommand } from '../interop/bucketry.ts';
import type { PeerRegistry } from '../peers/crane-registry.ts';
import { openCrane } from '../peers/crane.ts';
import { startDistribution } from '../peers/distribution.ts';
import { type Dockerd, startDockerd } from '../peers/dockerd.ts';
import type { PeerCommand } from '../peers/peer-command.ts';
import { describePeer } from '../peers/require-peer.ts';
import { type CommandResult, runCommand } from '../peers/run-command.ts';
import { openSkopeo } from '../peers/skopeo.ts';

/** `sesame`, by bcrypt with its smallest cost. */
const htpasswd = 'ada:$2b$04$0HvEcYGrhky03rUEKwfFkunUmbKqWOyDYcB0qVZMTDHGXw8XWkvKC\n';

describePeer(['distribution', 'crane', 'skopeo'], 'logins at a real registry', () => {
  let registry: PeerRegistry;
  let crane: PeerCommand;
  let skopeo: PeerCommand;
  let image: string;
  /** Of crane and bucketry: one Docker configuration for both. */
  const craneEnv = (): Record<string, string> => ({
    HOME: crane.home,
    DOCKER_CONFIG: join(crane.home, '.docker'),
    XDG_RUNTIME_DIR: join(crane.home, 'run'),
  });
  const skopeoEnv = (): Record<string, string> => ({ HOME: skopeo.home, XDG_RUNTIME_DIR: join(skopeo.home, 'run') });

  const bucketry = (words: readonly string[], env: Record<string, string>, input = ''): Promise<CommandResult> =>
    runCommand(bucketryCommand(words), { cwd: crane.home, env: { PATH: process.env['PATH'], ...env }, input });
  const login = (env: Record<string, string>): Promise<CommandResult> =>
    bucketry(['login', registry.host, '-u', 'ada', '--password-stdin'], env, 'sesame');
  const inspect = async (env: Record<string, string>): Promise<number> => (await bucketry(['inspect', `docker://${image}`], env)).code;

  beforeAll(async () => {
    registry = await startDistribution({ htpasswd });
    [crane, skopeo] = [await openCrane(), await openSkopeo()];
    image = `${registry.host}/team/app:1.0`;
  });
  afterAll(async () => {
    await Promise.all([registry?.close(), crane?.close(), skopeo?.close()]);
  });
  beforeEach(async () => {
    await crane.run(['auth', 'logout', registry.host]);
    await mkdir(join(skopeo.home, 'run'), { recursive: true });
  });

  test('that bucketry has kept are used by crane, until bucketry forgets them', async () => {
    const archive = join(crane.home, 'layer.tar');
    const tar = pack();
    tar.entry({ name: 'hello' }, 'world');
    tar.finalize();
    await writeFile(archive, Buffer.concat(await Array.fromAsync(tar as AsyncIterable<Buffer>)));
    const push = async (): Promise<number> => (await crane.run(['append', '-f', archive, '-t', image])).code;
    expect(await push()).not.toBe(0);
    expect((await login(craneEnv())).code).toBe(0);
    expect(await push()).toBe(0);
    expect(await inspect(craneEnv())).toBe(0);
    expect((await bucketry(['logout', registry.host], craneEnv())).code).toBe(0);
    expect(await push()).not.toBe(0);
  });

  test('that crane has kept are used by bucketry', async () => {
    expect(await inspect(craneEnv())).toBe(5);
    expect((await crane.run(['auth', 'login', registry.host, '-u', 'ada', '--password-stdin'], { input: 'sesame' })).code).toBe(0);
    expect(await inspect(craneEnv())).toBe(0);
  });

  test('that skopeo has kept are used by bucketry', async () => {
    expect(await inspect(skopeoEnv())).toBe(5);
    const words = ['login', '--tls-verify=false', '-u', 'ada', '--password-stdin', registry.host];
    expect(await skopeo.run(words, { input: 'sesame' })).toMatchObject({ code: 0 });
    expect(await inspect(skopeoEnv())).toBe(0);
    await skopeo.run(['logout', registry.host]);
    expect(await inspect(skopeoEnv())).toBe(5);
  });

  test('that bucketry has kept in the file of REGISTRY_AUTH_FILE are used by skopeo', async () => {
    const file = join(skopeo.home, 'auth.json');
    const look = (): Promise<CommandResult> =>
      skopeo.run(['inspect', '--raw', '--tls-verify=false', `docker://${image}`], { env: { REGISTRY_AUTH_FILE: file } });
    expect((await look()).code).not.toBe(0);
    expect((await login({ ...skopeoEnv(), REGISTRY_AUTH_FILE: file })).code).toBe(0);
    expect(await look()).toMatchObject({ code: 0, stdout: expect.stringContaining('schemaVersion') as unknown });
  });

  test('that are wrong are refused by the registry, and not kept', async () => {
    const wrong = await bucketry(['login', registry.host, '-u', 'ada', '--password-stdin'], craneEnv(), 'opensesame');
    expect(wrong).toMatchObject({ code: 5, stderr: expect.stringContaining('refuses the login') as unknown });
    expect(await inspect(craneEnv())).toBe(5);
  });
});

describePeer(['distribution', 'dockerd'], 'logins of Docker', () => {
  let registry: PeerRegistry;
  let dockerd: Dockerd;
  beforeAll(async () => {
    [registry, dockerd] = await Promise.all([startDistribution({ htpasswd }), startDockerd()]);
  });
  afterAll(async () => {
    await Promise.all([registry?.close(), dockerd?.close()]);
  });

  const bucketry = (words: readonly string[], input = ''): Promise<CommandResult> =>
    runCommand(bucketryCommand(words), { cwd: dockerd.home, env: dockerd.env, input });

  test('are used by bucketry, and those of bucketry by Docker', async () => {
    const image = `${registry.host}/team/none:1.0`;
    const docker = async (): Promise<string> => (await dockerd.docker(['pull', image])).stderr;
    expect(await docker()).toContain('no basic auth credentials');
    expect((await dockerd.docker(['login', '-u', 'ada', '--password-stdin', registry.host], { input: 'sesame' })).code).toBe(0);
    // Nothing is there: who is told so is logged in
    expect((await bucketry(['inspect', `docker://${image}`])).code).toBe(4);
    expect((await bucketry(['logout', registry.host])).stdout).toContain('Logged out');
    expect(await docker()).toContain('no basic auth credentials');
    expect((await bucketry(['login', registry.host, '-u', 'ada', '--password-stdin'], 'sesame')).code).toBe(0);
    expect(await docker()).toContain('manifest unknown');
  });
});
