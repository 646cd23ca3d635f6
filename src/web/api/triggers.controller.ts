import { Body, Controller, Get, Param, Patch, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { ActionDeploymentService } from '../../login/action-deployment.service.js';
import { ActionStore } from '../../storage/action-store.js';
import { bindingsBodySchema, type BindingsBody } from '../../tenant/action-body.js';
import { TRIGGER_IDS, type Binding, type TriggerId } from '../../tenant/action.js';
import { TenantError } from '../../tenant/tenant-error.js';
import { actionView, bindingView, triggerViews } from './action-view.js';
import { pageNumbers } from './listing.js';

const bindingsQuerySchema = z.strictObject(pageNumbers);
type BindingsQuery = z.infer<typeof bindingsQuerySchema>;

/** `/api/v2/actions/triggers`, in the shapes of Auth0's Management API: which Actions run at which moment, and in which order. */
@ApiTags('actions')
@Controller('api/v2/actions/triggers')
export class TriggersController {
  constructor(
    private readonly actions: ActionStore,
    private readonly deployments: ActionDeploymentService,
  ) {}

  @Get()
  list(): unknown {
    return { triggers: triggerViews() };
  }

  /** In the order in which they run. */
  @Get(':triggerId/bindings')
  async bindings(
    @Param('triggerId') id: string,
    @Query({ schema: bindingsQuerySchema }) { page, per_page: perPage }: BindingsQuery,
  ): Promise<unknown> {
    return this.#answer(await this.actions.bindings(known(id)), { page, perPage });
  }

  /** In place of all that the trigger runs; they run in the order of the list. */
  @Patch(':triggerId/bindings')
  async bind(
    @Param('triggerId') id: string,
    @Body({ schema: bindingsBodySchema }) body: BindingsBody,
  ): Promise<unknown> {
    const bound = await this.deployments.bind(known(id), body);
    return this.#answer(bound, { page: 0, perPage: 50 });
  }

  async #answer(
    bindings: readonly Binding[],
    { page, perPage }: { readonly page: number; readonly perPage: number },
  ): Promise<unknown> {
    const shown = bindings.slice(page * perPage, (page + 1) * perPage);
    const views = await Promise.all(
      shown.map(async (binding) => {
        const action = await this.actions.get(binding.actionId);
        return action ? [bindingView(binding, actionView(action, null))] : [];
      }),
    );
    return { bindings: views.flat(), total: bindings.length, page, per_page: perPage };
  }
}

/** Throws `trigger_not_found`. */
function known(id: string): TriggerId {
  const trigger = TRIGGER_IDS.find((one) => one === id);
  if (trigger) return trigger;
  throw new TenantError(
    'trigger_not_found',
    `there is no trigger ${id} that Mintmark runs: there are ${TRIGGER_IDS.join(' and ')}`,
  );
}
