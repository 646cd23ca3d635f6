/** An Action: a file of the author's that runs in a trigger, in the shape of Auth0's Management API (`/api/v2/actions/*`). */
import { z } from 'zod';
import type { SealedSecret } from './sealed-secret.js';

export const TRIGGER_IDS = ['post-login', 'credentials-exchange'] as const;
export type TriggerId = (typeof TRIGGER_IDS)[number];

/** Limits of actions-api.md 2. */
export const ACTION_LIMITS = {
  codeInBytes: 102_400,
  actions: 100,
  actionsPerTrigger: 20,
  versions: 50,
  dependencies: 10,
  secrets: 30,
  secretName: 128,
  secretValue: 4096,
} as const;

const text = (limit: number) =>
  z
    .string('must be string')
    .min(1, 'must NOT be empty')
    .max(limit, `must NOT have more than ${limit} characters`);

/** An npm package that the code may `require`; installed by the operator, see docs/decisions/sandbox.md. */
export const dependencySchema = z.strictObject({
  name: z
    .string('must be string')
    .regex(/^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/, 'must be the name of an npm package'),
  /** Exact, or `latest` for whatever is installed. */
  version: text(64).default('latest'),
  /** Auth0's tools send it along; packages come from the operator's folder, so it changes nothing. */
  registry_url: z.string('must be string').max(2048).nullish(),
});
export type Dependency = z.infer<typeof dependencySchema>;

export const secretSchema = z.strictObject({
  name: text(ACTION_LIMITS.secretName).regex(/^(?!__proto__$)[^\0]+$/, 'this name is not allowed'),
  value: z
    .string('must be string')
    .max(ACTION_LIMITS.secretValue, `must NOT have more than ${ACTION_LIMITS.secretValue} characters`),
});

export const actionCode = z
  .string('must be string')
  .refine(
    (code) => Buffer.byteLength(code) <= ACTION_LIMITS.codeInBytes,
    `must NOT have more than ${ACTION_LIMITS.codeInBytes} bytes (100 kB; npm packages are not counted)`,
  );

/** What runs: one version of an Action, whole. Plain data; `secrets` are in the clear, so it is never written down. */
export interface DeployedAction {
  readonly id: string;
  readonly name: string;
  readonly trigger: TriggerId;
  /** Counts the deployments of this Action, from 1; `null` for a draft under test. */
  readonly version: number | null;
  readonly code: string;
  /** The author's file, as errors and calls name it: `grant-roles.js`, or its path in the seed file. */
  readonly file: string;
  /** Absolute: a file that is read again whenever it has changed. `null` where the code came over REST. */
  readonly liveFile: string | null;
  /** Absolute: where packages are looked up from. `null` for the operator's folder (MINTMARK_ACTION_MODULES). */
  readonly modulesFrom: string | null;
  readonly dependencies: readonly Dependency[];
  readonly secrets: Readonly<Record<string, string>>;
}

/** What an author writes, whole: of a draft, or of a version. As it is kept, with its secrets sealed. */
export interface ActionContent {
  readonly code: string;
  readonly dependencies: readonly Dependency[];
  readonly secrets: readonly SealedSecret[];
  /** As Auth0's tools name it: `node22`. */
  readonly runtime: string;
}

/** Where an Action of the seed file comes from. */
export interface ActionSource {
  /** As errors and calls name it. */
  readonly file: string;
  /** Absolute: it is read again whenever it has changed. */
  readonly path: string;
  /** Absolute: where packages are looked up from. */
  readonly modulesFrom: string;
}

/** An Action as it is kept. Nothing of its draft runs until it is deployed; nothing of it runs unless it is bound. */
export interface Action {
  /** UUID v4. */
  readonly id: string;
  /** One a tenant. */
  readonly name: string;
  readonly trigger: TriggerId;
  /** ISO instants. */
  readonly created_at: string;
  readonly updated_at: string;
  readonly draft: ActionContent;
  /** `null` until it is deployed. The store sets it. */
  readonly deployedVersionId: string | null;
  /** Whether the deployed version is what the draft says. The store sets it. */
  readonly allChangesDeployed: boolean;
  /** `null` where it was made over REST. */
  readonly source: ActionSource | null;
}

/** What was deployed once; it never changes. */
export interface ActionVersion {
  /** UUID v4. */
  readonly id: string;
  readonly actionId: string;
  /** Counts the deployments of its Action, from 1. */
  readonly number: number;
  /** ISO instant. */
  readonly created_at: string;
  /** Whether it is what runs. */
  readonly deployed: boolean;
  readonly content: ActionContent;
}

/** That an Action runs in a trigger. */
export interface Binding {
  /** UUID v4. */
  readonly id: string;
  readonly trigger: TriggerId;
  readonly actionId: string;
  readonly displayName: string;
  /** ISO instants. */
  readonly created_at: string;
  readonly updated_at: string;
}

/** An Action with the version of it that runs. */
export interface Deployment {
  readonly action: Action;
  readonly version: ActionVersion;
}
