"""Where the files of a dataset lie: a folder, a ZIP archive, tar shards, a Hugging Face data set, here or elsewhere."""
