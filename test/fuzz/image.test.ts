import { describeFuzz } from './describe-fuzz.ts';
import { imageTargets } from './image-targets.ts';

describeFuzz('of images', imageTargets);
