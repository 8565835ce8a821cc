"""The contract of object stores, on a directory and on S3 as moto plays it."""

from object_store_contract import ObjectStoreContract


class TestObjectStores(ObjectStoreContract):
    pass
