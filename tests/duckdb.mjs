// What `duckdb -csv -c QUERY` does, for machines that have DuckDB of npm alone: `node duckdb.mjs MODULES -csv -c QUERY`.
import { pathToFileURL } from 'node:url';

const [modules, , , query] = process.argv.slice(2);
const { DuckDBInstance } = await import(pathToFileURL(modules + '/@duckdb/node-api/lib/index.js'));
const connection = await (await DuckDBInstance.create(':memory:')).connect();
const read = await connection.runAndReadAll(query);
for (const row of [read.columnNames(), ...read.getRowsJson()])
	console.log(row.map(cell => cell ?? '').join(','));
