import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { rejection } from '../../../test/coded-errors.ts';
import { type Clock, systemClock } from '../../streams/clock.ts';
import { cacheCredentials, type S3Credentials } from './credentials-provider.ts';
import { createDefaultCredentials } from './s3-credentials.node.ts';

const minuteMs = 60_000;

describe('cacheCredentials', () => {
  let nowMs = 0;
  const clock: Clock = { ...systemClock, now: () => nowMs };
  const temporary = (id: number, endMs: number): S3Credentials => ({
    accessKeyId: String(id),
    secretAccessKey: 's',
    expiration: new Date(endMs),
  });

  test('asks once for credentials that do not end, also when many ask at once', async () => {
    let asked = 0;
    const provider = cacheCredentials(async () => ({ accessKeyId: String(++asked), secretAccessKey: 's' }), clock);
    const all = await Promise.all([provider(), provider(), provider()]);
    nowMs += 1e12;
    expect([...all, await provider()].map(({ accessKeyId }) => accessKeyId)).toEqual(['1', '1', '1', '1']);
  });

  test('renews temporary credentials five minutes before they end', async () => {
    nowMs = 0;
    let asked = 0;
    const provider = cacheCredentials(async () => temporary(++asked, nowMs + 60 * minuteMs), clock);
    await provider();
    nowMs = 54 * minuteMs;
    expect((await provider()).accessKeyId).toBe('1');
    nowMs = 55 * minuteMs;
    expect((await provider()).accessKeyId).toBe('2');
  });

  test('goes on with the old ones while they hold, when they cannot be renewed, and tries again', async () => {
    nowMs = 0;
    let asked = 0;
    const provider = cacheCredentials(async () => {
      asked += 1;
      if (asked > 1) throw new Error('no network');
      return temporary(asked, 60 * minuteMs);
    }, clock);
    await provider();
    nowMs = 58 * minuteMs;
    expect((await provider()).accessKeyId).toBe('1');
    nowMs = 60 * minuteMs;
    await expect(provider()).rejects.toThrow('no network');
    expect(asked).toBe(3);
  });
});

describe('createDefaultCredentials', () => {
  const folders: string[] = [];
  afterEach(async () => {
    vi.unstubAllEnvs();
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
  });

  /** No machine's role is asked for, and no file is read but ours. */
  async function stubProfiles(text: string): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'bucketry-credentials-'));
    folders.push(folder);
    await writeFile(join(folder, 'credentials'), text);
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'credentials'));
    vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'config'));
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE']) vi.stubEnv(name, undefined);
  }

  test('takes the keys of the environment', async () => {
    const env = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret', AWS_PROFILE: 'other' };
    expect(await createDefaultCredentials({ clock: systemClock, env })()).toEqual({ accessKeyId: 'id', secretAccessKey: 'secret' });
    const temporary = { ...env, AWS_SESSION_TOKEN: 'token' };
    expect(await createDefaultCredentials({ clock: systemClock, env: temporary })()).toMatchObject({ sessionToken: 'token' });
  });

  test('takes a profile that is asked for by name, though there are keys in the environment', async () => {
    await stubProfiles('[work]\naws_access_key_id = work-id\naws_secret_access_key = work-secret\n');
    const env = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' };
    expect(await createDefaultCredentials({ clock: systemClock, env, profile: 'work' })()).toMatchObject({ accessKeyId: 'work-id' });
  });

  test('says what to do where there are none', async () => {
    await stubProfiles('');
    expect(await rejection(createDefaultCredentials({ clock: systemClock, env: {} })())).toMatchObject({
      code: 'credentials-missing',
      hint: expect.stringContaining('AWS_ACCESS_KEY_ID'),
    });
  });
});
