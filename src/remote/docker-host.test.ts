import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { digestHex } from '../streams/hasher.ts';
import { findDockerHost, parseDockerHost } from './docker-host.node.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'docker-host-'));
  await writeFile(join(folder, 'config.json'), JSON.stringify({ currentContext: 'far', auths: {} }));
  await writeContext('far', { Name: 'far', Endpoints: { docker: { Host: 'tcp://far.example:2376', SkipTLSVerify: false } } });
  await writeContext('near', { Name: 'near', Endpoints: { docker: { Host: 'unix:///near.sock' } } });
  await writeContext('broken', { Name: 'broken' });
  const tls = join(folder, 'contexts', 'tls', idOf('far'), 'docker');
  await mkdir(tls, { recursive: true });
  await writeFile(join(tls, 'ca.pem'), 'the authority');
});

afterAll(() => rm(folder, { recursive: true }));

const idOf = (name: string): string => digestHex('sha256', new TextEncoder().encode(name));

async function writeContext(name: string, content: unknown): Promise<void> {
  const path = join(folder, 'contexts', 'meta', idOf(name));
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'meta.json'), JSON.stringify(content));
}

test('without any setting it is the socket of this machine', async () => {
  expect(await findDockerHost({ HOME: join(folder, 'nobody') })).toMatchObject({ kind: 'socket', path: '/var/run/docker.sock' });
});

test('the context in use counts, with its certificates', async () => {
  const tls = { ca: 'the authority', cert: undefined, key: undefined, isVerified: true };
  expect(await findDockerHost({ DOCKER_CONFIG: folder })).toMatchObject({ kind: 'tcp', hostname: 'far.example', port: 2376, tls });
});

test('DOCKER_CONTEXT goes before the context in use, and DOCKER_HOST before both', async () => {
  const env = { DOCKER_CONFIG: folder, DOCKER_CONTEXT: 'near' };
  expect(await findDockerHost(env)).toMatchObject({ kind: 'socket', path: '/near.sock' });
  expect(await findDockerHost({ ...env, DOCKER_HOST: 'unix:///here.sock' })).toMatchObject({ path: '/here.sock' });
  expect(await findDockerHost({ ...env, DOCKER_CONTEXT: 'default' })).toMatchObject({ path: '/var/run/docker.sock' });
});

test('a context that is not there, or is none, is an error that names it', async () => {
  await expect(findDockerHost({ DOCKER_CONFIG: folder, DOCKER_CONTEXT: 'gone' })).rejects.toMatchObject({ code: 'input-missing' });
  await expect(findDockerHost({ DOCKER_CONFIG: folder, DOCKER_CONTEXT: 'broken' })).rejects.toMatchObject({ code: 'input-invalid' });
});

test('tcp is plain at 2375, and TLS at 2376 where DOCKER_TLS_VERIFY asks for it', async () => {
  expect(await findDockerHost({ DOCKER_HOST: 'tcp://there' })).toMatchObject({ kind: 'tcp', port: 2375, tls: undefined });
  const env = {
    DOCKER_HOST: 'tcp://there',
    DOCKER_TLS_VERIFY: '1',
    DOCKER_CERT_PATH: join(folder, 'contexts', 'tls', idOf('far'), 'docker'),
  };
  expect(await findDockerHost(env)).toMatchObject({ port: 2376, tls: { ca: 'the authority', isVerified: true } });
});

test('ssh names user, port and host to ssh, each after what ends its options', () => {
  const host = parseDockerHost('ssh://me@there:2222');
  expect(host.kind === 'ssh' && host.words.join(' ')).toBe('-T -o ConnectTimeout=30 -l me -p 2222 -- there docker system dial-stdio');
});

test.each(['', '/var/run/docker.sock', 'http://there', 'tcp://', 'ssh://me:secret@there'])('"%s" is no address of a daemon', (text) => {
  expect(() => parseDockerHost(text)).toThrow(expect.objectContaining({ code: 'usage-invalid' }));
});
