import { readFile } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import { SandboxError } from '../../sandbox/sandbox-error.js';
import { ActionStore } from '../../storage/action-store.js';
import { SettingsStore } from '../../storage/settings-store.js';
import { openedSecrets } from '../../tenant/action-changes.js';
import { faultIn, faultInWords } from '../../tenant/action-code.js';
import { ACTION_LIMITS, type Action, type ActionContent, type DeployedAction } from '../../tenant/action.js';
import { invalidBody } from '../../tenant/invalid-body.js';
import { TenantError } from '../../tenant/tenant-error.js';
import type { RequestFacts } from '../../tenant/transaction.js';
import { ActionDeploymentService, placeOf } from '../action-deployment.service.js';
import { advance } from '../advance.js';
import { CircumstancesService } from '../circumstances.service.js';
import { InspectionService } from '../inspection.service.js';
import { Randomness } from '../ports.js';
import { TransactionsService } from '../transactions.service.js';
import { uuidFrom } from '../uuid.js';
import type { ActionTestBody, TestedAction } from './action-test-body.js';
import { actionTestView, type ActionTestView } from './action-test-view.js';
import { withSecretsOf } from './actions.service.js';
import { begunPart } from './actions-part.js';
import { effectsView, type EffectsView } from './effects-view.js';
import { InTurn } from './in-turn.js';

/** Plays a login in which one Action runs, and keeps nothing of it. */
@Injectable()
export class ActionTestsService {
  /** Half of the processes that the sandbox has: drafts that hang must not keep logins waiting. */
  readonly #turns = new InTurn(4);

  constructor(
    private readonly actions: ActionStore,
    private readonly settings: SettingsStore,
    private readonly deployments: ActionDeploymentService,
    private readonly transactions: TransactionsService,
    private readonly circumstances: CircumstancesService,
    private readonly inspections: InspectionService,
    private readonly randomness: Randomness,
  ) {}

  /**
   * An Action that denies, sends away or throws is an answer too, and so is one whose wishes cannot be issued. Throws for what nothing can
   * be played with: as TransactionsService.begun, `action_not_found`, `action_version_not_found`, `action_code_invalid`, `invalid_body`,
   * and SandboxError where a package is missing.
   */
  async test({ action: given, login }: ActionTestBody, http: RequestFacts): Promise<ActionTestView> {
    const { tenant, pending } = await this.transactions.begun(login, http);
    const action = given.code === undefined ? await this.#stored(given) : this.#draft(given, given.code);
    const isDraft = given.code !== undefined;
    refuseBrokenCode(action, isDraft ? '/action/code' : '/action');
    await this.#tryPackages(action, isDraft ? '/action/dependencies' : '/action');
    let effects: EffectsView = {};
    const { secrets } = withSecretsOf(pending, action);
    const circumstances = this.circumstances.of(tenant, {
      actions: [action],
      dry: true,
      onEffects: (asked, end) => {
        effects = effectsView(asked, end, secrets);
      },
    });
    const begun = given.resumes
      ? { ...pending, actions: { ...begunPart(given.trigger, [action]), resumed: true } }
      : pending;
    const transaction = await this.#turns.run(() => advance(begun, circumstances));
    return actionTestView(transaction, { effects, debug: await this.inspections.inspect(transaction) });
  }

  #draft({ file, trigger, secrets = [], dependencies = [] }: TestedAction, code: string): DeployedAction {
    return {
      id: uuidFrom(this.randomness.bytes(16)),
      name: file,
      trigger,
      version: null,
      code,
      file,
      liveFile: null,
      modulesFrom: null,
      dependencies,
      secrets: byName(secrets),
    };
  }

  async #stored({ name, id, trigger, version, secrets = [] }: TestedAction): Promise<DeployedAction> {
    const action =
      name === undefined ? await this.actions.get(id ?? '') : await this.actions.findByName(name);
    if (!action)
      throw new TenantError(
        'action_not_found',
        `there is no Action ${JSON.stringify(name ?? id)}; GET /api/v2/actions/actions lists them`,
        {
          errors: [
            { pointer: name === undefined ? '/action/id' : '/action/name', detail: 'names no Action' },
          ],
        },
      );
    if (action.trigger !== trigger)
      throw invalidBody([
        {
          path: ['protocol'],
          message: `runs ${trigger}, and the Action "${action.name}" is for ${action.trigger}`,
        },
      ]);
    const content = version === undefined ? await this.#saved(action) : await this.#version(action, version);
    return {
      ...placeOf(action),
      id: action.id,
      name: action.name,
      trigger,
      version: version ?? null,
      code: content.code,
      // what was saved is read here: to deploy it would be an effect
      liveFile: null,
      dependencies: content.dependencies,
      secrets: {
        ...openedSecrets(action.id, content, await this.settings.secretsKey()),
        ...byName(secrets),
      },
    };
  }

  async #version(action: Action, number: number): Promise<ActionContent> {
    const { items } = await this.actions.versions(action.id, { page: 0, perPage: ACTION_LIMITS.versions });
    const found = items.find((version) => version.number === number);
    if (found) return found.content;
    throw new TenantError(
      'action_version_not_found',
      `there is no version ${number} of the Action "${action.name}"; GET /api/v2/actions/actions/${action.id}/versions lists them`,
      { errors: [{ pointer: '/action/version', detail: 'names no version' }] },
    );
  }

  /** The draft; of an Action that follows its file, with what the file says now. */
  async #saved({ draft, source, deployedVersionId }: Action): Promise<ActionContent> {
    if (source === null || deployedVersionId === null) return draft;
    const running = await this.actions.version(deployedVersionId);
    // somebody changed the draft over REST
    if (running?.content.code !== draft.code) return draft;
    let code: string;
    try {
      code = await readFile(source.path, 'utf8');
    } catch (error) {
      throw new TenantError('action_code_invalid', `${source.file} cannot be read; save it there again`, {
        cause: error,
        errors: [{ pointer: '/action', detail: 'its file cannot be read' }],
      });
    }
    return { ...draft, code };
  }

  async #tryPackages(action: DeployedAction, pointer: string): Promise<void> {
    try {
      await this.deployments.tryPackages(action);
    } catch (error) {
      if (!(error instanceof SandboxError)) throw error;
      throw new SandboxError(error.code, error.description, {
        cause: error,
        errors: [{ pointer, detail: error.description }],
      });
    }
  }
}

const byName = (secrets: readonly { readonly name: string; readonly value: string }[]) =>
  Object.fromEntries(secrets.map(({ name, value }) => [name, value]));

function refuseBrokenCode({ code, file }: DeployedAction, pointer: string): void {
  const fault = faultIn(code);
  if (fault === null) return;
  const detail = faultInWords(fault);
  const place = fault.line === null ? `${file}: ` : `${file}:`;
  throw new TenantError('action_code_invalid', `The code cannot be parsed: ${place}${detail}`, {
    errors: [{ pointer, detail }],
  });
}
