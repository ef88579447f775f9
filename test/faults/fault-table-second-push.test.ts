import { describeFaultTable } from './describe-fault-table.ts';

describeFaultTable(['push over a tag']);
