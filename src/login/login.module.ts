import { Module } from '@nestjs/common';
import { InspectionService } from './inspection.service.js';
import { BaseUrl, Clock, Failures, Randomness } from './ports.js';
import { Retention } from './retention.service.js';
import { TenantService } from './tenant.service.js';
import { TransactionsService } from './transactions.service.js';

/** Everything a login is made of; the stores come from the global StorageModule. */
@Module({
  providers: [
    Clock,
    Randomness,
    BaseUrl,
    Failures,
    Retention,
    TenantService,
    TransactionsService,
    InspectionService,
  ],
  exports: [
    Clock,
    Randomness,
    BaseUrl,
    Failures,
    Retention,
    TenantService,
    TransactionsService,
    InspectionService,
  ],
})
export class LoginModule {}
