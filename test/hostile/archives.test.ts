import { archiveRows } from './archive-rows.ts';
import { describeRows } from './describe-rows.ts';

describeRows('archives and layouts', archiveRows);
