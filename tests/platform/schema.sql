-- The document platform's tables, with demo data: as many documents as -v documents=N says (psql), 2,000 by default.
-- For tests and demonstrations only. The monitoring role may read these tables, and nothing else of the application.
\set ON_ERROR_STOP on
\if :{?documents} \else \set documents 2000 \endif

CREATE TABLE documents (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	status text NOT NULL CHECK (status IN ('draft', 'active', 'archived')),
	size_bytes bigint NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	metadata jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX documents_created ON documents (created_at);
CREATE INDEX documents_updated ON documents (updated_at);
CREATE INDEX documents_status ON documents (status);

CREATE TABLE processing_queue (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	document_id bigint NOT NULL REFERENCES documents,
	step text NOT NULL CHECK (step IN ('ocr', 'index', 'thumbnail')),
	queued_at timestamptz NOT NULL,
	finished_at timestamptz,
	failed boolean NOT NULL DEFAULT false
);
CREATE INDEX processing_queue_open ON processing_queue (step, queued_at) WHERE finished_at IS NULL;
CREATE INDEX processing_queue_finished ON processing_queue (finished_at);

CREATE TABLE backups (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	finished_at timestamptz NOT NULL,
	size_bytes bigint NOT NULL
);

-- one document a minute into the past; of each ten, one is a draft and two are archived
INSERT INTO documents (status, size_bytes, created_at, updated_at, metadata)
SELECT CASE n % 10 WHEN 0 THEN 'draft' WHEN 1 THEN 'archived' WHEN 2 THEN 'archived' ELSE 'active' END,
       1000 + n % 977 * 1000, now() - n * interval '1 minute', now() - n * interval '1 minute',
       jsonb_strip_nulls(jsonb_build_object('title', 'Document ' || n,
                                            'author', CASE WHEN n % 4 <> 0 THEN 'Author ' || n % 50 END,
                                            'date', CASE WHEN n % 2 = 0 THEN '2026-01-01' END))
FROM generate_series(1, :documents) n;

-- the newest thirty wait for one step each; older ones are done
INSERT INTO processing_queue (document_id, step, queued_at, finished_at, failed)
SELECT id, (ARRAY['ocr', 'index', 'thumbnail'])[1 + id % 3], created_at,
       CASE WHEN id > 30 THEN created_at + (id % 90) * interval '5 seconds' END, id > 30 AND id % 500 = 0
FROM documents;

INSERT INTO backups (finished_at, size_bytes) VALUES (now() - interval '30 hours', 5000000), (now() - interval '6 hours', 5100000);

ANALYZE documents, processing_queue, backups;
GRANT SELECT ON documents, processing_queue, backups TO vedette;
