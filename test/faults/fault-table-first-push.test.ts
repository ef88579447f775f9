import { describeFaultTable } from './describe-fault-table.ts';

describeFaultTable(['push into an empty bucket', 'pull']);
