import { rm, writeFile } from 'node:fs/promises';

/** Debian asks this program before a package's installation starts a service; 101 is "not allowed". */
const POLICY_FILE = '/usr/sbin/policy-rc.d';
const POLICY = '#!/bin/sh\nexit 101\n';

/** Does something during which Debian's packages start no service: the tests start their own, on free ports. */
export async function withServicesHeldBack(work: () => Promise<void>): Promise<void> {
  const isOurs = await writeFile(POLICY_FILE, POLICY, { flag: 'wx', mode: 0o755 }).then(
    () => true,
    () => false, // one is there, and stays; or this is not root, and apt-get will say so
  );
  try {
    await work();
  } finally {
    if (isOurs) await rm(POLICY_FILE);
  }
}
