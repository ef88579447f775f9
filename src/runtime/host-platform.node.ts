import process from 'node:process';
import { normalizePlatform, type Platform } from '../oci/platform.ts';

/** The platform whose images this machine runs: containers are Linux's, also where a virtual machine runs them. */
export function hostPlatform(): Platform {
  return normalizePlatform({ os: 'linux', architecture: process.arch });
}
