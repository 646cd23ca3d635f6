import { Module, type DynamicModule } from '@nestjs/common';
import type { Config } from './config.js';
import { LoginModule } from './login/login.module.js';
import { SandboxModule } from './sandbox/sandbox.module.js';
import { StorageModule } from './storage/storage.module.js';
import { TokensModule } from './tokens/tokens.module.js';
import { WebModule } from './web/web.module.js';

/** The wiring: storage and sandbox below, login on them, tokens on that, HTTP on top. */
@Module({})
export class AppModule {
  static with(config: Config): DynamicModule {
    return {
      module: AppModule,
      imports: [
        StorageModule.forUrl(config.databaseUrl),
        SandboxModule,
        LoginModule,
        TokensModule,
        WebModule,
      ],
    };
  }
}
