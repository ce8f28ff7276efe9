"""One module a format; `pipeline.ingest.registry` finds them."""
