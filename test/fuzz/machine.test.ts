import { describeFuzz } from './describe-fuzz.ts';
import { machineTargets } from './machine-targets.ts';

describeFuzz('of the machine', machineTargets);
