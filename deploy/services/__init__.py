"""Weaviate, an S3 server and PostgreSQL as processes of this machine, without containers: for development and tests."""
