/**
 * The sandbox runs what authors wrote, away from the server. It knows programs and what they are handed, and no tenant, no login, no HTTP.
 */
import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Sandbox } from './sandbox.js';

@Global()
@Module({ providers: [{ provide: Sandbox, useFactory: () => new Sandbox() }], exports: [Sandbox] })
export class SandboxModule implements OnApplicationShutdown {
  readonly #sandbox: Sandbox;

  constructor(@Inject(Sandbox) sandbox: Sandbox) {
    this.#sandbox = sandbox;
  }

  /** Nest calls it after the HTTP server has answered what was in flight, so that nothing runs any more. */
  async onApplicationShutdown(): Promise<void> {
    await this.#sandbox.close();
  }
}
