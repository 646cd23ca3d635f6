/** For the TypeORM CLI only; the server opens its database in src/storage. See docs/decisions/storage.md. */
import { DataSource } from 'typeorm';
import { dataSourceOptions } from './src/storage/data-source.js';

export default new DataSource(dataSourceOptions(process.env['DATABASE_URL'] ?? 'file:data/mintmark.sqlite'));
