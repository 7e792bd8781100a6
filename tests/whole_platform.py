"""The whole document platform on loopback: PostgreSQL with demo documents, PgBouncer, MinIO, Meilisearch (or its
stand-in), the FastAPI application with its pool of 10, and Caddy with TLS in front of it; and settings that watch it."""
import os
import subprocess

import caddy
import meilisearch
import minio
import postgres
import support
import wild_server

DOCUMENTS = 2000
CADDYFILE = """{
 admin {admin}
 auto_https off
 servers {
  metrics
 }
}
https://localhost:%d {
 tls %s %s
 reverse_proxy 127.0.0.1:%d
}
"""
SETTINGS = """
web: {{scrape_timeout: 5s}}
exporters:
  host: {{}}
  container: {{}}
  postgres:
    - {postgres}
  pgbouncer:
    - {pgbouncer}
  sql:
    - {{name: documents, target: app, help: Documents., type: gauge, value: documents,
       query: SELECT count(*) AS documents FROM documents}}
  minio:
    - {{url: '{minio.url}', access_key: {access}, secret_key: {secret}, canary: {{bucket: vedette-canary, min_interval: 1s}}}}
  meilisearch:
    - {{url: '{meilisearch.url}', key: {meilisearch.master}, canaries: [{{index: documents, query: Document, expected_hits: 1}}]}}
  http:
    - {{name: api, url: 'http://127.0.0.1:{app.port}/health', expect: {{status: 200, body: '"status":"ok"'}}}}
    - {{name: edge, url: 'https://localhost:{edge}/health', tls: {{ca_file: {ca}, min_days_left: 1}}}}
    - {{name: database, url: 'tcp://127.0.0.1:{pg.port}'}}
  relay:
    - {{name: fastapi, url: 'http://127.0.0.1:{app.port}/metrics/'}}
    - {{name: caddy, url: 'http://localhost/metrics', unix_socket: {caddy.admin}, headers: {{Host: ''}}}}
  pools:
    - {{name: fastapi, relay: fastapi, connections: active_database_connections, max: max_database_connections}}
"""


class Platform:
    def __init__(self, directory, python, caddy_program=None, pool="psycopg2"):
        """caddy_program: None for Debian's; pool: which of its pools the application has."""
        self.parts, self.caddy_program, self.directory, self.python = [], caddy_program, directory, python
        self.pool = pool
        try:
            self.start()
        except BaseException:
            self.end()
            raise

    def start(self):
        directory = self.directory
        self.postgres = self.keep(postgres.Postgres(), "remove")
        self.fill_database()
        self.pgbouncer = self.keep(postgres.Pgbouncer(self.postgres), "remove")
        (directory / "minio").mkdir()
        self.minio = self.keep(minio.Minio(directory / "minio"), "kill")
        for bucket in ("documents", "vedette-canary"):
            self.minio.mc("mb", f"server/{bucket}")
        self.meilisearch = self.keep(meilisearch.StandIn(), "end")
        self.app_port, self.app = support.free_port(), None
        self.start_app()
        self.parts.append((self, "end_app"))
        self.authority = wild_server.certificate(directory, "authority", days=90)
        pair = wild_server.certificate(directory, "localhost", days=90, issuer=self.authority)
        self.edge = support.free_port()
        self.caddy = self.keep(caddy.Caddy(CADDYFILE % (self.edge, *pair, self.app_port), program=self.caddy_program),
                               "end")
        for number in range(3):
            assert support.request(self.app_port, f"/documents?title=Document%20{number}", method="POST").status == 201

    def keep(self, part, ends_with):
        self.parts.append((part, ends_with))
        return part

    def fill_database(self):
        done = subprocess.run(self.postgres.psql_command("-v", f"documents={DOCUMENTS}", "-f",
                                                         str(support.ROOT / "tests/platform/schema.sql")),
                              env=self.postgres.environment(), capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        self.postgres.sql("CREATE ROLE app LOGIN PASSWORD 'secret'")
        self.postgres.sql("GRANT SELECT, INSERT ON documents TO app; GRANT SELECT ON documents TO vedette")

    def start_app(self):
        """At first, or again after end_app()."""
        self.app = support.Daemon(
            [self.python, support.ROOT / "tests/platform/app.py", self.app_port], self.directory, self.app_port, "/health",
            env=dict(os.environ, POOL=self.pool, WAIT="3",
                     DATABASE_URL=f"postgresql://app:secret@127.0.0.1:{self.postgres.port}/postgres",
                     MEILI_URL=self.meilisearch.url, MEILI_KEY=self.meilisearch.master, S3_URL=self.minio.url,
                     S3_ACCESS_KEY=minio.ROOT_KEY, S3_SECRET_KEY=minio.ROOT_SECRET, S3_BUCKET="documents"))

    def end_app(self):
        self.app.end()

    def settings(self):
        return SETTINGS.format(postgres=self.postgres.config(name="app"), pgbouncer=self.pgbouncer.config(),
                               pg=self.postgres, minio=self.minio, access=minio.ROOT_KEY, secret=minio.ROOT_SECRET,
                               meilisearch=self.meilisearch, app=self.app, edge=self.edge, ca=self.authority[0],
                               caddy=self.caddy)

    def end(self):
        for part, ends_with in reversed(self.parts):
            getattr(part, ends_with)()
