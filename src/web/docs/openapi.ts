/** The OpenAPI description of the control API, made from the very schemas that check requests; a page at `/docs`, JSON at `/docs-json`. */
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { z } from 'zod';
import { SETTINGS, isSettingName } from '../../protocol/saml/settings.js';

const description = `Create a login transaction, complete it, get back the signed SAML response or the JWTs, and look into them.

On loopback no token is asked for. On any other address \`/api\` and \`/debug\` want \`Authorization: Bearer <admin token>\`.`;

/** Once the controllers are there; the document itself is made when it is first asked for. */
export function serveDocs(app: NestFastifyApplication, version: string): void {
  const config = new DocumentBuilder()
    .setTitle('Mintmark')
    .setDescription(description)
    .setVersion(version)
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'The admin token, off loopback.' })
    .build();
  let document: OpenAPIObject | undefined;
  const documentOf = (): OpenAPIObject =>
    (document ??= SwaggerModule.createDocument(app, config, {
      operationIdFactory: (controller, method) => `${controller.replace('Controller', '')}.${method}`,
      standardSchemaConverter: (schema) =>
        schema instanceof z.ZodType
          ? {
              schema: described(
                z.toJSONSchema(schema, {
                  io: 'input',
                  target: 'openapi-3.0',
                  unrepresentable: 'any',
                  override: inWords,
                }),
              ),
            }
          : undefined,
    }));
  SwaggerModule.setup('docs', app, documentOf, {
    customSiteTitle: 'Mintmark API',
    swaggerOptions: { displayRequestDuration: true },
  });
}

/**
 * The dialect's own marker has no place inside an OpenAPI document, nor have definitions: what refers to them would be looked for among the
 * document's components. The one schema that repeats itself is JSON of any kind.
 */
const described = (schema: Record<string, unknown>): Record<string, unknown> =>
  JSON.parse(
    JSON.stringify(
      Object.fromEntries(
        Object.entries(schema).filter(([name]) => name !== '$schema' && name !== 'definitions'),
      ),
    ),
    (_, value: unknown) => (isReference(value) ? { description: 'any JSON value' } : value),
  ) as Record<string, unknown>;

const isReference = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && '$ref' in value && typeof value.$ref === 'string';

/** Each setting says what it changes and what stands without it, from the table of setters. */
function inWords({ jsonSchema }: { jsonSchema: { properties?: Record<string, unknown> } }): void {
  for (const [name, property] of Object.entries(jsonSchema.properties ?? {})) {
    if (!isSettingName(name) || typeof property !== 'object' || property === null) continue;
    if ('description' in property) continue;
    const { effect, initial, otherwise } = SETTINGS[name] as {
      effect: string;
      initial: unknown;
      otherwise?: string;
    };
    Object.assign(property, { description: `${effect}. Default: ${otherwise ?? JSON.stringify(initial)}.` });
  }
}
