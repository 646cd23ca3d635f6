import { Module } from '@nestjs/common';
import { LoginModule } from '../login/login.module.js';
import { TransactionsController } from './api/transactions.controller.js';

/** Every controller. */
@Module({
  imports: [LoginModule],
  controllers: [TransactionsController],
})
export class WebModule {}
