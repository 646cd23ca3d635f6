/** Actions, versions and bindings as Auth0's Management API shows them. Of a secret there is its name, and nothing else. */
import { TRIGGERS } from '../../actions/triggers.js';
import {
  TRIGGER_IDS,
  type Action,
  type ActionContent,
  type ActionVersion,
  type Binding,
  type TriggerId,
} from '../../tenant/action.js';

const supportedTrigger = (trigger: TriggerId) => ({
  id: trigger,
  version: TRIGGERS[trigger].version,
  status: 'CURRENT',
});

const contentView = ({ code, dependencies, runtime, secrets }: ActionContent) => ({
  code,
  dependencies: dependencies.map(({ name, version, registry_url = null }) => ({
    name,
    version,
    registry_url,
  })),
  runtime,
  /** Everything is built while it is deployed. */
  status: 'built',
  secrets: secrets.map(({ name, updated_at }) => ({ name, updated_at })),
});

/** The draft, and what of it runs. */
export const actionView = (action: Action, deployed: ActionVersion | null) => ({
  id: action.id,
  name: action.name,
  supported_triggers: [supportedTrigger(action.trigger)],
  created_at: action.created_at,
  updated_at: action.updated_at,
  ...contentView(action.draft),
  all_changes_deployed: action.allChangesDeployed,
  ...(deployed && { deployed_version: versionView(deployed, action.trigger) }),
});

export const versionView = (version: ActionVersion, trigger: TriggerId) => ({
  id: version.id,
  action_id: version.actionId,
  number: version.number,
  deployed: version.deployed,
  ...contentView(version.content),
  supported_triggers: [supportedTrigger(trigger)],
  built_at: version.created_at,
  created_at: version.created_at,
  updated_at: version.created_at,
});

export const bindingView = (binding: Binding, action: object) => ({
  id: binding.id,
  trigger_id: binding.trigger,
  display_name: binding.displayName,
  action,
  created_at: binding.created_at,
  updated_at: binding.updated_at,
});

export const triggerViews = () =>
  TRIGGER_IDS.map((trigger) => ({
    ...supportedTrigger(trigger),
    display_name: TRIGGERS[trigger].displayName,
    runtimes: ['node18', 'node22'],
    default_runtime: 'node22',
    binding_policy: 'trigger-bound',
    compatible_triggers: [],
  }));
