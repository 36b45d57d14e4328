import { describeSweep } from './describe-sweep.ts'

describeSweep('approvals')
