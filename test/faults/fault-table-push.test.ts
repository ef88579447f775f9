import { describeFaultTable } from './describe-fault-table.ts';

describeFaultTable(['push into an empty bucket', 'push over a tag']);
