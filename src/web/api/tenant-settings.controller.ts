import { Body, Controller, Get, Patch } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Retention } from '../../login/retention.service.js';
import { SettingsStore } from '../../storage/settings-store.js';
import {
  patchedSettings,
  tenantSettingsPatchSchema,
  type TenantSettings,
  type TenantSettingsPatch,
} from '../../tenant/tenant-settings.js';

/** `/api/v2/tenants/settings`. They count from the next login on, on every instance. */
@ApiTags('tenant')
@Controller('api/v2/tenants/settings')
export class TenantSettingsController {
  constructor(
    private readonly settings: SettingsStore,
    private readonly retention: Retention,
  ) {}

  @Get()
  get(): Promise<TenantSettings> {
    return this.settings.get();
  }

  @Patch()
  async patch(
    @Body({ schema: tenantSettingsPatchSchema }) patch: TenantSettingsPatch,
  ): Promise<TenantSettings> {
    const settings = await this.settings.update((kept) => patchedSettings(kept, patch));
    if (patch.retention !== undefined) await this.retention.prune();
    return settings;
  }
}
