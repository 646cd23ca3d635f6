import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import { bundlePackages } from '../sandbox/package-bundles.js';
import { ActionStore } from '../storage/action-store.js';
import { SettingsStore } from '../storage/settings-store.js';
import type { ActionBody, ActionPatch, ActionReference, BindingsBody } from '../tenant/action-body.js';
import { actionFrom, openedSecrets, patchedAction } from '../tenant/action-changes.js';
import {
  ACTION_LIMITS,
  TRIGGER_IDS,
  type Action,
  type ActionContent,
  type ActionSource,
  type ActionVersion,
  type Binding,
  type DeployedAction,
  type Deployment,
  type TriggerId,
} from '../tenant/action.js';
import { invalidBody } from '../tenant/invalid-body.js';
import { TenantError } from '../tenant/tenant-error.js';
import { LiveActionFiles } from './live-action-files.js';
import { ActionModules, Clock, Randomness } from './ports.js';
import { uuidFrom } from './uuid.js';

/** An Action of the seed file with its code. */
export interface SeededAction {
  readonly body: ActionBody;
  readonly displayName: string;
  readonly source: ActionSource;
}

/** Actions on their way from a draft to what a login runs. */
@Injectable()
export class ActionDeploymentService {
  readonly #live: LiveActionFiles;

  constructor(
    private readonly actions: ActionStore,
    private readonly settings: SettingsStore,
    private readonly modules: ActionModules,
    private readonly clock: Clock,
    private readonly randomness: Randomness,
  ) {
    this.#live = new LiveActionFiles((action, code) => this.#deploySaved(action, code), clock);
  }

  /** Throws `action_exists`, `action_limit_reached`, `action_code_invalid`, `invalid_body`. */
  async create(body: ActionBody, source: ActionSource | null = null): Promise<Action> {
    const { total } = await this.actions.list({ page: 0, perPage: 1 });
    if (total >= ACTION_LIMITS.actions)
      throw new TenantError(
        'action_limit_reached',
        `there are ${total} Actions, and a tenant has at most ${ACTION_LIMITS.actions}: delete one first`,
      );
    const action = actionFrom(body, { id: this.#id(), source, ...(await this.#circumstances()) });
    if (!(await this.actions.insert(action))) throw nameTaken(body.name);
    return action;
  }

  /** Changes the draft; nothing of it runs before it is deployed. Throws as `create`, `action_not_found`, and `action_bound` for another trigger. */
  async update(id: string, patch: ActionPatch): Promise<Action> {
    const trigger = patch.supported_triggers?.[0]?.id;
    const kept = await this.get(id);
    if (trigger !== undefined && trigger !== kept.trigger)
      await this.#refuseBound(kept, 'moves to another trigger');
    const circumstances = await this.#circumstances();
    return this.#change(id, patch.name ?? kept.name, (action) => patchedAction(action, patch, circumstances));
  }

  /** Throws `action_not_found`. */
  async get(id: string): Promise<Action> {
    return (await this.actions.get(id)) ?? notFound(id);
  }

  /** One that is bound goes only if it is forced to. Throws `action_not_found`, `action_bound`. */
  async delete(id: string, { force }: { readonly force: boolean }): Promise<void> {
    const outcome = await this.actions.delete(id, { force });
    if (outcome === 'deleted') return;
    await this.#refuseBound(await this.get(id), 'is deleted (or add ?force=true)');
    // somebody took it out of the trigger just now
    await this.delete(id, { force });
  }

  /** Has the draft run from the next login on. Throws `action_not_found`, and SandboxError where a package is missing. */
  async deploy(id: string): Promise<Deployment> {
    const action = await this.get(id);
    await this.tryPackages({ ...action.draft, ...placeOf(action) });
    const { draft } = action;
    return this.#deployOver(action, draft);
  }

  /** Makes a new version that is what `versionId` was. Throws as `deploy`, and `action_version_not_found`. */
  async redeploy(
    id: string,
    versionId: string,
    { updateDraft }: { readonly updateDraft: boolean },
  ): Promise<Deployment> {
    const action = await this.get(id);
    const { content } = await this.version(id, versionId);
    await this.tryPackages({ ...content, ...placeOf(action) });
    if (updateDraft) await this.#change(id, action.name, (kept) => ({ ...kept, draft: content }));
    return this.#deployOver(action, content);
  }

  /** Throws `action_version_not_found`, `action_not_found`. */
  async version(id: string, versionId: string): Promise<ActionVersion> {
    await this.get(id);
    const version = await this.actions.version(versionId);
    if (version?.actionId === id) return version;
    throw new TenantError(
      'action_version_not_found',
      `there is no version ${versionId} of the Action ${id}; the newest ${ACTION_LIMITS.versions} are kept: GET /api/v2/actions/actions/${id}/versions`,
    );
  }

  /**
   * What the trigger runs, in order, in place of what it ran. Throws `invalid_body` where an Action is not there, stands twice, or is for
   * another trigger, and `action_not_deployed`.
   */
  async bind(trigger: TriggerId, { bindings }: BindingsBody): Promise<readonly Binding[]> {
    const kept = await this.actions.bindings(trigger);
    const bound: Binding[] = [];
    for (const [index, { ref, display_name }] of bindings.entries()) {
      const refuse = (message: string): Error =>
        invalidBody([{ path: ['bindings', index, 'ref', 'value'], message }]);
      const action = await this.#referred(ref, kept);
      if (!action) throw refuse(`there is no ${WHAT[ref.type]} ${ref.value}`);
      if (action.trigger !== trigger)
        throw refuse(`the Action "${action.name}" is for ${action.trigger}, and cannot run in ${trigger}`);
      if (bound.some(({ actionId }) => actionId === action.id))
        throw refuse(`the Action "${action.name}" stands in the list already`);
      if (action.deployedVersionId === null)
        throw new TenantError(
          'action_not_deployed',
          `nothing of the Action "${action.name}" is deployed yet: POST /api/v2/actions/actions/${action.id}/deploy first`,
        );
      bound.push(
        this.#binding(
          action,
          display_name ?? null,
          kept.find(({ actionId }) => actionId === action.id),
        ),
      );
    }
    if (!(await this.actions.setBindings(trigger, bound)))
      throw new TenantError(
        'action_not_found',
        'one of the Actions was deleted just now; nothing was changed',
      );
    return bound;
  }

  /**
   * Writes the Actions of a seed file, deploys those that changed, and has each trigger run them in the order of the file; Actions that were
   * bound over REST follow as they were. One that came from a seed file and is no more in it runs no more. Another instance may be at it.
   */
  async applySeed(seeded: readonly SeededAction[]): Promise<void> {
    const written = new Map<string, { readonly action: Action; readonly displayName: string }>();
    for (const entry of seeded) {
      const action = await this.#writeSeeded(entry);
      written.set(action.id, { action, displayName: entry.displayName });
    }
    for (const trigger of TRIGGER_IDS) {
      const kept = await this.actions.bindings(trigger);
      const own = [...written.values()]
        .filter(({ action }) => action.trigger === trigger)
        .map(({ action, displayName }) =>
          this.#binding(
            action,
            displayName,
            kept.find(({ actionId }) => actionId === action.id),
          ),
        );
      const others: Binding[] = [];
      for (const binding of kept)
        if (!written.has(binding.actionId) && (await this.actions.get(binding.actionId))?.source === null)
          others.push(binding);
      const next = [...own, ...others];
      if (next.length > ACTION_LIMITS.actionsPerTrigger)
        throw new TenantError(
          'action_limit_reached',
          `${trigger} runs at most ${ACTION_LIMITS.actionsPerTrigger} Actions, and has ${own.length} of the seed file besides ${others.length} that were bound over /api/v2/actions: take some out`,
        );
      if (!isSameOrder(kept, next)) await this.actions.setBindings(trigger, next);
    }
  }

  /** What each trigger runs, secrets in the clear. Throws `secret_unreadable`. */
  async deployed(): Promise<Record<TriggerId, DeployedAction[]>> {
    const deployed = await this.actions.deployed();
    const isAny = TRIGGER_IDS.some((trigger) => deployed[trigger].length > 0);
    const key = isAny ? await this.settings.secretsKey() : Buffer.alloc(0);
    return Object.fromEntries(
      TRIGGER_IDS.map((trigger) => [
        trigger,
        deployed[trigger].map(({ action, version }): DeployedAction => ({
          ...placeOf(action),
          id: action.id,
          name: action.name,
          trigger,
          version: version.number,
          code: version.content.code,
          dependencies: version.content.dependencies,
          secrets: openedSecrets(action.id, version.content, key),
        })),
      ]),
    ) as Record<TriggerId, DeployedAction[]>;
  }

  /**
   * Bundles the packages as a run would, so that one that is missing is told now and not at a login. Throws SandboxError.
   * `modulesFrom` as in DeployedAction.
   */
  async tryPackages({
    code,
    dependencies,
    modulesFrom,
  }: Pick<DeployedAction, 'code' | 'dependencies' | 'modulesFrom'>): Promise<void> {
    if (dependencies.length > 0)
      await bundlePackages({ code, dependencies, from: modulesFrom ?? this.modules.folder });
  }

  /** See `LiveActionFiles.refresh`. */
  refreshLive(actions: readonly DeployedAction[]): Promise<boolean> {
    return this.#live.refresh(actions);
  }

  async #deploySaved(saved: DeployedAction, code: string): Promise<void> {
    const { id } = saved;
    const action = await this.actions.get(id);
    // deleted, or its code came over REST meanwhile: the next load of the Actions has it
    if (!action?.source) return;
    await this.tryPackages({ ...saved, code });
    const withCode = (content: ActionContent): ActionContent => ({ ...content, code });
    let before: string | undefined;
    await this.actions.deploy(id, {
      ...this.#newVersion(),
      content: (running) => {
        before = running?.code;
        return withCode(running ?? action.draft);
      },
      skipsSame: true,
    });
    if (before === code) return;
    // a draft that somebody changed over REST stays as they left it
    await this.actions.update(id, (kept) =>
      kept.draft.code === before ? { ...kept, draft: withCode(kept.draft) } : kept,
    );
  }

  /** Code that came over REST is no more what the file says, so the file is no longer followed; the seed of the next start has it again. */
  async #deployOver(action: Action, content: ActionContent): Promise<Deployment> {
    const { id, source, deployedVersionId } = action;
    if (source !== null && deployedVersionId !== null) {
      const running = await this.actions.version(deployedVersionId);
      if (running?.content.code !== content.code)
        await this.actions.update(id, (kept) => ({ ...kept, source: null }));
    }
    return (await this.actions.deploy(id, { ...this.#newVersion(), content })) ?? notFound(id);
  }

  async #writeSeeded({ body, source }: SeededAction): Promise<Action> {
    const kept = (await this.actions.findByName(body.name)) ?? (await this.#createSeeded(body, source));
    const circumstances = await this.#circumstances();
    const trigger = body.supported_triggers[0]!.id;
    if (kept.trigger !== trigger)
      await this.actions.setBindings(
        kept.trigger,
        (await this.actions.bindings(kept.trigger)).filter(({ actionId }) => actionId !== kept.id),
      );
    const next = (action: Action): Action => {
      const patched = { ...patchedAction(action, body, circumstances), source };
      return isSameAction(patched, action) ? action : patched;
    };
    const action = next(kept) === kept ? kept : await this.#change(kept.id, body.name, next);
    if (action.allChangesDeployed) return action;
    const deployment = await this.actions.deploy(action.id, { ...this.#newVersion(), skipsSame: true });
    return deployment?.action ?? notFound(action.id);
  }

  async #createSeeded(body: ActionBody, source: ActionSource): Promise<Action> {
    try {
      return await this.create(body, source);
    } catch (error) {
      const other =
        error instanceof TenantError && error.code === 'action_exists'
          ? await this.actions.findByName(body.name)
          : null;
      if (other) return other;
      throw error;
    }
  }

  async #change(id: string, name: string, change: (action: Action) => Action): Promise<Action> {
    const changed = await this.actions.update(id, change);
    if (changed === 'name_taken') throw nameTaken(name);
    return changed ?? notFound(id);
  }

  async #referred({ type, value }: ActionReference, kept: readonly Binding[]): Promise<Action | null> {
    if (type === 'action_name') return this.actions.findByName(value);
    const id = type === 'action_id' ? value : kept.find((binding) => binding.id === value)?.actionId;
    return id === undefined ? null : this.actions.get(id);
  }

  #binding(action: Action, displayName: string | null, kept: Binding | undefined): Binding {
    const at = this.clock.now().toISOString();
    if (kept)
      return displayName === null || displayName === kept.displayName
        ? kept
        : { ...kept, displayName, updated_at: at };
    return {
      id: this.#id(),
      trigger: action.trigger,
      actionId: action.id,
      displayName: displayName ?? action.name,
      created_at: at,
      updated_at: at,
    };
  }

  async #refuseBound(action: Action, when: string): Promise<void> {
    for (const trigger of TRIGGER_IDS)
      if ((await this.actions.bindings(trigger)).some(({ actionId }) => actionId === action.id))
        throw new TenantError(
          'action_bound',
          `the Action "${action.name}" runs in ${trigger}: take it out with PATCH /api/v2/actions/triggers/${trigger}/bindings before it ${when}`,
        );
  }

  #newVersion(): { versionId: string; now: Date } {
    return { versionId: this.#id(), now: this.clock.now() };
  }

  #id(): string {
    return uuidFrom(this.randomness.bytes(16));
  }

  async #circumstances(): Promise<{ now: Date; key: Buffer }> {
    return { now: this.clock.now(), key: await this.settings.secretsKey() };
  }
}

const WHAT: Readonly<Record<ActionReference['type'], string>> = {
  action_id: 'Action with the id',
  action_name: 'Action named',
  binding_id: 'binding',
};

/** What errors and calls name the code by, and where it and its packages are. */
export const placeOf = ({
  source,
  name,
}: Action): Pick<DeployedAction, 'file' | 'liveFile' | 'modulesFrom'> =>
  source
    ? { file: source.file, liveFile: source.path, modulesFrom: source.modulesFrom }
    : { file: /\.[cm]?js$/.test(name) ? name : `${name}.js`, liveFile: null, modulesFrom: null };

const isSameOrder = (one: readonly Binding[], other: readonly Binding[]): boolean =>
  one.length === other.length && one.every((binding, index) => binding === other[index]);

/** As they are kept, but for when it was changed. */
const isSameAction = (one: Action, other: Action): boolean =>
  isDeepStrictEqual(JSON.parse(JSON.stringify({ ...one, updated_at: '' })), { ...other, updated_at: '' });

const nameTaken = (name: string): TenantError =>
  new TenantError('action_exists', `there is an Action "${name}" already: PATCH it, or choose another name`);

function notFound(id: string): never {
  throw new TenantError(
    'action_not_found',
    `there is no Action ${id}; GET /api/v2/actions/actions lists them`,
  );
}
