import { accessSync, constants } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { findProgram } from '../../test/peers/peer-cache.ts';

/** Why a link cannot be opened on this machine; `undefined` where it can. */
export function explainNoLink(): string | undefined {
  if (process.platform !== 'linux') return 'the link needs Linux';
  if (process.getuid?.() !== 0) return 'the link needs root, for network namespaces';
  const missing = ['gcc', 'nsenter', 'unshare'].filter((program) => findProgram(program) === undefined);
  if (missing.length > 0) return `the link needs ${missing.join(', ')}`;
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK);
  } catch {
    return 'the link needs /dev/net/tun';
  }
  const { status } = spawnSync('unshare', ['--net', 'true'], { stdio: 'ignore' });
  return status === 0 ? undefined : 'network namespaces are not allowed here';
}
