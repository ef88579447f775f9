import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { spawnGroup } from '../../test/peers/process-group.ts';
import { explainNoLink } from './link-support.ts';
import { openLink } from './open-link.ts';
import type { Link, LinkShape } from './open-link.ts';

const script = fileURLToPath(new URL('send-and-receive.ts', import.meta.url));
const port = '5000'; // nothing else is in the server's namespace
const mebibyte = 2 ** 20;
/** Nothing may be faster than the link allows, ever; how much slower depends on who else uses the machine: the best of some tries counts. */
const tries = 3;

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function openWithReceiver(shape: LinkShape): Promise<Link> {
  const link = await openLink(shape);
  closers.push(link.close);
  const receiver = await spawnGroup([...link.serverPrefix, process.execPath, script, 'receive', '0.0.0.0', port]);
  closers.push(() => receiver.stop(1000));
  await once(receiver.stdout, 'data');
  return link;
}

async function runScript(link: Link, role: string, ...args: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await link.run([process.execPath, script, role, link.serverAddress, port, ...args]);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

/** MiB a second of each connection and of all together, each the best of some tries. */
async function measureRates(
  link: Link,
  connections: number,
  mib: number,
): Promise<{ readonly each: readonly number[]; readonly all: number }> {
  let best = { each: [0], all: 0 };
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const times = (await runScript(link, 'send', String(connections), String(mib * mebibyte))) as { each: number[]; all: number };
    const each = times.each.map((ms) => (mib * 1000) / ms).sort((a, b) => a - b);
    const all = (connections * mib * 1000) / times.all;
    if (all > best.all) best = { each, all };
  }
  return best;
}

function describeLink(tests: () => void): void {
  const skipReason = explainNoLink();
  if (skipReason === undefined) describe('the link', tests);
  else describe.skip('the link', { meta: { skipReason } }, tests);
}

describeLink(() => {
  test('a small packet takes the round trip that was asked for, and little more', async () => {
    const link = await openWithReceiver({ rttMs: 30, mibPerConnection: 25, mibTotal: 640 });
    const times = (await runScript(link, 'ask', '20')) as number[];
    expect(Math.min(...times)).toBeGreaterThanOrEqual(30);
    expect(Math.min(...times)).toBeLessThan(36);
  });

  test('one connection gets its rate and no more', async () => {
    const link = await openWithReceiver({ rttMs: 30, mibPerConnection: 25, mibTotal: 640 });
    const { all } = await measureRates(link, 1, 20);
    expect(all).toBeLessThanOrEqual(25);
    expect(all).toBeGreaterThan(15);
  });

  test('several connections get their rate each', async () => {
    const link = await openWithReceiver({ rttMs: 10, mibPerConnection: 10, mibTotal: 640 });
    const { each, all } = await measureRates(link, 8, 8);
    expect(each.at(-1)).toBeLessThanOrEqual(10);
    expect(all).toBeGreaterThan(50);
  });

  test('all connections together get the total rate and no more', async () => {
    const link = await openWithReceiver({ rttMs: 10, mibPerConnection: 25, mibTotal: 40 });
    const { all } = await measureRates(link, 8, 5);
    expect(all).toBeLessThanOrEqual(40);
    expect(all).toBeGreaterThan(25);
  });

  test('one connection in so many is slower by the factor', async () => {
    const link = await openWithReceiver({ rttMs: 10, mibPerConnection: 20, mibTotal: 640, slow: { oneIn: 4, factor: 5 } });
    const { each } = await measureRates(link, 4, 4);
    expect(each[0]).toBeLessThanOrEqual(4);
    expect(each[1]).toBeGreaterThan(6);
  });

  test('no packet is lost, and with the link its network is gone', async () => {
    const before = networkInterfaces();
    const link = await openWithReceiver({ rttMs: 10, mibPerConnection: 50, mibTotal: 100 });
    await runScript(link, 'send', '16', String(4 * mebibyte));
    expect(networkInterfaces()).toEqual(before);
    expect(await link.close()).toEqual({ droppedPackets: 0 });
    closers.shift();
    expect((await link.run(['true'])).code).not.toBe(0);
  });

  test('a shape that is none is refused with a reason', async () => {
    await expect(openLink({ rttMs: 1, mibPerConnection: 0, mibTotal: 1 })).rejects.toThrow('rates and factor must be positive');
  });
});
