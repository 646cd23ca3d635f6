import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { ActionDeploymentService } from '../../login/action-deployment.service.js';
import { ActionStore } from '../../storage/action-store.js';
import {
  actionBodySchema,
  actionPatchSchema,
  redeployBodySchema,
  triggerIdSchema,
  type ActionBody,
  type ActionPatch,
} from '../../tenant/action-body.js';
import type { Action } from '../../tenant/action.js';
import { actionView, versionView } from './action-view.js';
import { flag, pageNumbers } from './listing.js';

const listQuerySchema = z.strictObject({
  ...pageNumbers,
  triggerId: triggerIdSchema.optional(),
  /** To the letter. */
  actionName: z.string().max(255).optional(),
  deployed: flag.optional(),
  /** Integrations of Auth0's marketplace; there are none. */
  installed: flag.optional(),
});
type ListQuery = z.infer<typeof listQuerySchema>;

const versionsQuerySchema = z.strictObject(pageNumbers);
type VersionsQuery = z.infer<typeof versionsQuerySchema>;

const deleteQuerySchema = z.strictObject({
  /** Also where it runs in a trigger. */
  force: flag.default(false),
});

/** `/api/v2/actions/actions`, in the shapes of Auth0's Management API. Secrets go in, are kept sealed, and never come out. */
@ApiTags('actions')
@Controller('api/v2/actions/actions')
export class ActionsController {
  constructor(
    private readonly actions: ActionStore,
    private readonly deployments: ActionDeploymentService,
  ) {}

  @Get()
  async list(@Query({ schema: listQuerySchema }) query: ListQuery): Promise<unknown> {
    const { page, per_page: perPage, triggerId: trigger, actionName: name, deployed, installed } = query;
    const { items, total } = await this.actions.list({ trigger, name, deployed, page, perPage });
    return installed === true
      ? { actions: [], total: 0, page, per_page: perPage }
      : {
          actions: await Promise.all(items.map((action) => this.#view(action))),
          total,
          page,
          per_page: perPage,
        };
  }

  /** A draft: nothing of it runs before it is deployed and bound to its trigger. */
  @Post()
  async create(@Body({ schema: actionBodySchema }) body: ActionBody): Promise<unknown> {
    return this.#view(await this.deployments.create(body));
  }

  @Get(':id')
  async get(@Param('id') id: string): Promise<unknown> {
    return this.#view(await this.deployments.get(id));
  }

  /** Lists replace those that are kept; a secret that is given by its name alone keeps its value. */
  @Patch(':id')
  async patch(
    @Param('id') id: string,
    @Body({ schema: actionPatchSchema }) patch: ActionPatch,
  ): Promise<unknown> {
    return this.#view(await this.deployments.update(id, patch));
  }

  @Delete(':id')
  @HttpCode(204)
  async delete(
    @Param('id') id: string,
    @Query({ schema: deleteQuerySchema }) query: { force: boolean },
  ): Promise<void> {
    await this.deployments.delete(id, query);
  }

  /** Makes a version of the draft, which runs from the next login on. */
  @Post(':id/deploy')
  @HttpCode(202)
  async deploy(@Param('id') id: string): Promise<unknown> {
    const { action, version } = await this.deployments.deploy(id);
    return versionView(version, action.trigger);
  }

  /** The newest first. */
  @Get(':id/versions')
  async versions(
    @Param('id') id: string,
    @Query({ schema: versionsQuerySchema }) { page, per_page: perPage }: VersionsQuery,
  ): Promise<unknown> {
    const { trigger } = await this.deployments.get(id);
    const { items, total } = await this.actions.versions(id, { page, perPage });
    return {
      versions: items.map((version) => versionView(version, trigger)),
      total,
      page,
      per_page: perPage,
    };
  }

  @Get(':id/versions/:versionId')
  async version(@Param('id') id: string, @Param('versionId') versionId: string): Promise<unknown> {
    const { trigger } = await this.deployments.get(id);
    return versionView(await this.deployments.version(id, versionId), trigger);
  }

  /** Goes back to what that version was, as a new version. */
  @Post(':id/versions/:versionId/deploy')
  @HttpCode(202)
  async redeploy(
    @Param('id') id: string,
    @Param('versionId') versionId: string,
    @Body({ schema: redeployBodySchema }) { update_draft: updateDraft }: { update_draft: boolean },
  ): Promise<unknown> {
    const { action, version } = await this.deployments.redeploy(id, versionId, { updateDraft });
    return versionView(version, action.trigger);
  }

  async #view(action: Action): Promise<unknown> {
    const { deployedVersionId: deployed } = action;
    return actionView(action, deployed === null ? null : await this.actions.version(deployed));
  }
}
