"""One module a format; `swope.pipeline.ingest.registry` finds them."""
