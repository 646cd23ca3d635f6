import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** `GET /ca.pem`: the certificate that clients are to trust. Without TLS there is no such route. Call it before the application is initialised. */
export function serveAuthority(app: NestFastifyApplication, certificatePem: string): void {
  app
    .getHttpAdapter()
    .getInstance()
    .get('/ca.pem', (_request, reply) =>
      reply
        .headers({
          // RFC 8555 9.1
          'content-type': 'application/pem-certificate-chain',
          'content-disposition': 'attachment; filename="mintmark-ca.pem"',
          'cache-control': 'no-cache',
          'access-control-allow-origin': '*',
        })
        .send(certificatePem),
    );
}
