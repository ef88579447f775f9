import { describeFuzz } from './describe-fuzz.ts';
import { wireTargets } from './wire-targets.ts';

describeFuzz('over the wire', wireTargets);
