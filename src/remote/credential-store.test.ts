import { lstat, mkdir, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rejection } from '../../test/coded-errors.ts';
import { authOf, createCredentialHome, type CredentialHome, keepingHelper } from '../../test/credentials/credential-home.ts';
import { createCredentialsLookup } from './credential-files.node.ts';
import { removeLogin, storeLogin } from './credential-store.node.ts';

let home: CredentialHome;
beforeEach(async () => {
  home = await createCredentialHome();
});
afterEach(() => home.remove());

const store = (host: string, password = 'sesame'): ReturnType<typeof storeLogin> => storeLogin(host, 'ada', password, { env: home.env });
const lookup = (host: string): Promise<unknown> => createCredentialsLookup(home.env)(host);
const ada = { kind: 'password', username: 'ada', password: 'sesame' };
const others = { 'quay.io': { auth: authOf('bob:1'), email: 'bob@test' } };

describe('a login that is stored', () => {
  it('makes a file that only its owner may read', async () => {
    expect(await store('ghcr.io')).toEqual({ path: home.dockerConfig, helper: undefined });
    expect(await home.read(home.dockerConfig)).toEqual({ auths: { 'ghcr.io': { auth: authOf('ada:sesame') } } });
    expect((await stat(home.dockerConfig)).mode & 0o777).toBe(0o600);
    expect((await stat(dirname(home.dockerConfig))).mode & 0o777).toBe(0o700);
    expect(await readdir(dirname(home.dockerConfig))).toEqual(['config.json']);
    expect(await lookup('ghcr.io')).toEqual(ada);
  });

  it('leaves all else in the file as it is', async () => {
    const before = { auths: others, HttpHeaders: { 'User-Agent': 'x' }, psFormat: '{{.ID}}', unknown: [1, { deep: null }] };
    await home.write(home.dockerConfig, before);
    await store('ghcr.io');
    expect(await home.read(home.dockerConfig)).toEqual({ ...before, auths: { ...others, 'ghcr.io': { auth: authOf('ada:sesame') } } });
  });

  it('replaces the one before, however it was spelled', async () => {
    await home.write(home.dockerConfig, { auths: { ...others, 'https://ghcr.io/v2/': { auth: authOf('old:1') } } });
    await store('ghcr.io');
    await store('ghcr.io', 'new');
    expect(await home.read(home.dockerConfig)).toEqual({ auths: { ...others, 'ghcr.io': { auth: authOf('ada:new') } } });
  });

  it("stands under Docker's key where it is for Docker Hub", async () => {
    await store('docker.io');
    expect(await home.read(home.dockerConfig)).toMatchObject({ auths: { 'https://index.docker.io/v1/': { auth: authOf('ada:sesame') } } });
    expect(await lookup('docker.io')).toEqual(ada);
  });

  it('goes to the helper, and not into the file', async () => {
    await home.addHelper('keep', keepingHelper);
    await home.write(home.dockerConfig, { credsStore: 'keep', auths: others });
    expect(await store('ghcr.io')).toEqual({ path: home.dockerConfig, helper: 'keep' });
    expect(await home.read(home.dockerConfig)).toEqual({ credsStore: 'keep', auths: { ...others, 'ghcr.io': {} } });
    expect(await lookup('ghcr.io')).toEqual(ada);
  });

  it('goes nowhere when the helper fails', async () => {
    await home.addHelper('broken', 'exit 1');
    await home.write(home.dockerConfig, { credHelpers: { 'ghcr.io': 'broken' } });
    const error = await rejection(store('ghcr.io'));
    expect(error).toMatchObject({ code: 'credential-helper-failed' });
    expect(String(error)).not.toContain('sesame');
    expect(await home.read(home.dockerConfig)).toEqual({ credHelpers: { 'ghcr.io': 'broken' } });
  });

  it('follows a link to the file, and keeps it', async () => {
    const real = join(home.path, 'dotfiles', 'config.json');
    await home.write(real, { auths: others });
    await mkdir(dirname(home.dockerConfig));
    await symlink(real, home.dockerConfig);
    await store('ghcr.io');
    expect((await lstat(home.dockerConfig)).isSymbolicLink()).toBe(true);
    expect(await readFile(real, 'utf8')).toContain('ghcr.io');
  });

  it('overwrites no file that is not understood', async () => {
    await home.write(home.dockerConfig, '{"auths": ');
    expect(await rejection(store('ghcr.io'))).toMatchObject({ code: 'input-invalid' });
    expect(await readFile(home.dockerConfig, 'utf8')).toBe('{"auths": ');
  });

  it('says where it could not be written', async () => {
    await home.write(join(home.path, '.docker'), 'a file, no folder');
    expect(await rejection(store('ghcr.io'))).toMatchObject({ code: 'output-failed' });
    await rm(join(home.path, '.docker'));
  });
});

describe('a login that is removed', () => {
  it('leaves the others', async () => {
    await home.write(home.dockerConfig, { auths: { ...others, 'https://ghcr.io': { auth: authOf('old:1') } }, psFormat: 'x' });
    await store('ghcr.io');
    expect(await removeLogin('ghcr.io', { env: home.env })).toEqual({ path: home.dockerConfig, helper: undefined });
    expect(await home.read(home.dockerConfig)).toEqual({ auths: others, psFormat: 'x' });
    expect(await removeLogin('ghcr.io', { env: home.env })).toBeUndefined();
  });

  it('leaves the helper, too', async () => {
    await home.addHelper('keep', keepingHelper);
    await home.write(home.dockerConfig, { credsStore: 'keep' });
    await store('ghcr.io');
    expect(await removeLogin('ghcr.io', { env: home.env })).toEqual({ path: home.dockerConfig, helper: 'keep' });
    expect(await lookup('ghcr.io')).toBeUndefined();
    expect(await removeLogin('ghcr.io', { env: home.env })).toBeUndefined();
  });

  it('was nowhere where there is no file, and makes none', async () => {
    expect(await removeLogin('ghcr.io', { env: home.env })).toBeUndefined();
    await expect(stat(home.dockerConfig)).rejects.toThrow('ENOENT');
  });
});
