"""Where the files of a dataset lie, read alike by name."""

from allaprima.data.stores.folder import FolderStore
from allaprima.data.stores.opening import open_store
from allaprima.data.stores.protocol import Store
from allaprima.data.stores.zip import ZipStore

__all__ = ["FolderStore", "Store", "ZipStore", "open_store"]
