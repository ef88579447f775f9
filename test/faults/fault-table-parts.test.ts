import { describeFaultTable } from './describe-fault-table.ts';

describeFaultTable(['push of a large layer', 'push that goes on with an upload', 'pull of a large layer']);
