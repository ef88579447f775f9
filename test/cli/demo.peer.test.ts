import { expect } from 'vitest';
import { folderTest as it } from '../images/folder-test.ts';
import { describePeer } from '../peers/require-peer.ts';
import { openCommandLine } from './command-line.ts';

describePeer('podman', 'demo with podman', () => {
  it('says a line that works: podman wants TLS of every host, unless it is told otherwise', async ({ folder }) => {
    const { code, stdout, stderr } = await openCommandLine({ folder }).run('demo', '--client', 'podman');
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^ {3}\$ podman pull --tls-verify=false 127\.0\.0\.1:\d+\/demo\/cow:latest$/m);
  });
});
