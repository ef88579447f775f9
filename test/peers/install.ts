// Installs the peers that tests talk to, and skips those that are there:
//   node test/peers/install.ts [--set ci|full] [NAME…]
import { parseArgs } from 'node:util';
import { askPeerVersion, installPeer } from './install-peer.ts';
import { findPeer, peerCacheFolder } from './peer-cache.ts';
import { isPeerName, PEER_NAMES, PEERS } from './peers.ts';
import type { PeerName } from './peers.ts';

const USAGE = 'Usage: node test/peers/install.ts [--set ci|full] [NAME…]';

function choosePeers(args: readonly string[]): readonly PeerName[] {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { set: { type: 'string' } },
  });
  const { set } = values;
  if (set !== undefined && set !== 'ci' && set !== 'full') {
    throw new Error(`--set ${set}: there are the sets ci and full (which has all of ci)`);
  }
  const named = positionals.map((word) => {
    if (isPeerName(word)) return word;
    throw new Error(`There is no peer "${word}"; there are ${PEER_NAMES.join(', ')}`);
  });
  const wholeSet = set ?? (named.length === 0 ? 'ci' : undefined);
  return PEER_NAMES.filter((name) => named.includes(name) || wholeSet === 'full' || PEERS[name].set === wholeSet);
}

async function settlePeer(name: PeerName): Promise<boolean> {
  const start = performance.now();
  const wasThere = findPeer(name) !== undefined;
  try {
    if (!wasThere) await installPeer(name);
    if (findPeer(name) === undefined) throw new Error(`"${PEERS[name].binary}" is still missing`);
    const version = await askPeerVersion(name);
    const pin = version === PEERS[name].version ? '' : ` (tests were written for ${PEERS[name].version})`;
    const outcome = wasThere ? 'already there' : 'installed';
    console.log(`${name.padEnd(12)} ${(version + pin).padEnd(12)} ${seconds(start)}  ${outcome}`);
    return true;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    console.error(`${name.padEnd(12)} FAILED after ${seconds(start)}: ${message}`);
    return false;
  }
}

function seconds(start: number): string {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}

async function main(): Promise<void> {
  const names = choosePeers(process.argv.slice(2));
  console.log(`Peers in ${peerCacheFolder()}`);
  const failed: PeerName[] = [];
  for (const name of names) {
    if (!(await settlePeer(name))) failed.push(name);
  }
  if (failed.length === 0) return;
  console.error(`Not installed: ${failed.join(', ')}`);
  process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  process.exitCode = 2;
}
