import { describeRows } from './describe-rows.ts';
import { storeRows } from './store-rows.ts';

describeRows('stores', storeRows);
