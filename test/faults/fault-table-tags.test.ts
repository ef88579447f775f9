import { describeFaultTable } from './describe-fault-table.ts';

describeFaultTable(['push with a referrer', 'tag', 'rm of a tag']);
