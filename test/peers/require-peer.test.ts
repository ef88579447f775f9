import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runPlantedTests } from './planted-run.ts';
import type { PlantedRun } from './planted-run.ts';
import { decidePeers } from './require-peer.ts';
import type { PeerCircumstances } from './require-peer.ts';

const COMPLETE: PeerCircumstances = { isCi: false, isRoot: true, find: (name) => `/bin/${name}` };
const EMPTY: PeerCircumstances = { ...COMPLETE, find: () => undefined };

describe('whether a suite runs', () => {
  test('it runs where all its peers are installed', () => {
    expect(decidePeers(['crane', 'podman'], COMPLETE)).toEqual({ outcome: 'run' });
  });

  test('it is skipped where one is missing, and the reason says how to install it', () => {
    expect(decidePeers(['crane', 'oras'], EMPTY)).toEqual({
      outcome: 'skip',
      reason: 'needs crane, oras, not installed here (npm run peers -- crane oras)',
    });
  });

  test('it fails under CI where one of the CI set is missing', () => {
    const decision = decidePeers(['seaweedfs', 'crane'], { ...EMPTY, isCi: true });
    expect(decision.outcome).toBe('fail');
  });

  test('it is skipped under CI where only a peer of the full set is missing', () => {
    expect(decidePeers(['seaweedfs'], { ...EMPTY, isCi: true }).outcome).toBe('skip');
  });

  test('it is skipped for a peer that works only as root, which fails under CI', () => {
    const ordinary = { ...COMPLETE, isRoot: false };
    expect(decidePeers(['crane', 'podman'], ordinary)).toEqual({
      outcome: 'skip',
      reason: 'podman can be tested by root only',
    });
    expect(decidePeers(['podman'], { ...ordinary, isCi: true }).outcome).toBe('fail');
  });
});

describe('a suite that needs crane, on a machine without it', { timeout: 60_000 }, () => {
  const requirePeer = JSON.stringify(join(import.meta.dirname, 'require-peer.ts'));
  const suite = `import { test } from 'vitest';
import { describePeer } from ${requirePeer};
describePeer('crane', 'pulling', () => { test('by tag', () => {}); });
test('without a peer', () => {});
`;

  function runWithoutPeers(CI: string): Promise<PlantedRun> {
    const BUCKETRY_PEERS = join(tmpdir(), 'no-such-folder');
    return runPlantedTests({ 'suite.test.ts': suite }, { CI, BUCKETRY_PEERS });
  }

  test('is skipped by name, with the reason, on a developer’s machine', async () => {
    const { code, report, stdout } = await runWithoutPeers('');
    expect(code).toBe(0);
    expect(report).toMatchObject({ passed: 1, failed: 0, skipped: 1 });
    expect(stdout).toMatch(/Skipped: needs crane, not installed.*\n {2}suite.test.ts > pulling > by tag/);
  });

  test('fails under CI', async () => {
    const { code, report } = await runWithoutPeers('true');
    expect(code).toBe(1);
    expect(report).toMatchObject({ passed: 1, failed: 1, skipped: 0 });
    expect(report.failures[0]?.reason).toContain('needs crane');
  });
});
