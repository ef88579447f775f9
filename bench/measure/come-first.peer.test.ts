import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { spawnGroup } from '../../test/peers/process-group.ts';
import { runCommand } from '../../test/peers/run-command.ts';
import { comeFirst } from './come-first.ts';

const isPossible = process.getuid?.() === 0 && existsSync('/sys/fs/cgroup');
const skipReason = 'control groups are for root to change';

describe.skipIf(!isPossible)('coming first', { meta: isPossible ? {} : { skipReason } }, () => {
  test('puts this process and those that it starts into a group of their own, and back', async () => {
    const before = await readFile('/proc/self/cgroup', 'utf8');
    const takeBack = await comeFirst();
    try {
      expect((await runCommand(['cat', '/proc/self/cgroup'])).stdout).toContain(`/bucketry-bench-${process.pid}`);
    } finally {
      await takeBack();
    }
    expect(await readFile('/proc/self/cgroup', 'utf8')).toBe(before);
  });

  test('goes back with those that outlive the work', async () => {
    const takeBack = await comeFirst();
    const group = await spawnGroup(['sleep', '60']);
    try {
      await takeBack();
      expect(await readFile(`/proc/${group.pid}/cgroup`, 'utf8')).toBe(await readFile('/proc/self/cgroup', 'utf8'));
    } finally {
      await group.stop(1000);
    }
  });
});
