-- The role that the agent logs in as: it may look at statistics and at nothing else.
--
--   psql -h DATABASE_HOST -U postgres -d YOUR_DATABASE -v password='…' -f monitoring-role.sql
--
-- May be run again: it then only sets the password and what is missing.
\set ON_ERROR_STOP on
\if :{?password}
\else
\echo 'give a password: psql -v password=... -f monitoring-role.sql'
\quit
\endif

SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'vedette') AS missing \gset
\if :missing
CREATE ROLE vedette LOGIN;
\endif
-- Two connections are the most that the agent ever has in a database; the third is for whoever tries the login by hand.
-- Where the agent watches several databases of this server, allow two more for each.
ALTER ROLE vedette LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION CONNECTION LIMIT 3 PASSWORD :'password';
GRANT pg_monitor TO vedette;

-- For business metrics, grant what their queries read, for instance:
--   GRANT USAGE ON SCHEMA public TO vedette;
--   GRANT SELECT ON documents TO vedette;
-- For the statistics of statements, in the database that the agent logs in to (and pg_stat_statements in
-- shared_preload_libraries):
--   CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
