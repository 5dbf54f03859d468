"""The schema, one module an area; sync.server.store.schema puts the steps in order."""
